// Included once for each form: what all activations are made of.
//
// Expects NAME(…) and the types floats and integers.

// 2^x, and 2^±60 beyond that: a minimax polynomial of degree 5 on [-0.5, 0.5], relative error
// 7.5e-8. The nearest integer comes from adding 1.5 × 2^23, and goes into the exponent. Products
// of two stay finite. The comparisons are false for a NaN, so that it stays one.
INLINE floats NAME(power)(floats x) {
    const floats limit = 60.0f, magic = 12582912.0f;
    x = x > limit ? limit : x;
    x = x < -limit ? -limit : x;
    const floats shifted = x + magic;
    const floats f = x - (shifted - magic);
    floats p = 0.001327647174f;
    p = p * f + 0.009675541540f;
    p = p * f + 0.05550713276f;
    p = p * f + 0.2402211972f;
    p = p * f + 0.6931469671f;
    p = p * f + 1.000000072f;
    integers bits, exponent;
    __builtin_memcpy(&bits, &p, sizeof p);
    __builtin_memcpy(&exponent, &shifted, sizeof p);
    bits += exponent << 23;
    __builtin_memcpy(&p, &bits, sizeof p);
    return p;
}
