// Included once for each form: what all activations are made of.
//
// Expects NAME(…) and the types floats and integers.

#define EACH _Pragma("unroll") for (int i = 0; i < count; i++)

// 2^x, and 2^±60 beyond that: 1 plus a polynomial of degree 5 on [-0.5, 0.5], relative error
// 1.6e-7, nothing at 0, so that tanh(0) is 0. The nearest integer comes from adding 1.5 × 2^23, and
// goes into the exponent. Products of two stay finite. The comparisons are false for a NaN, so that
// it stays one.
//
// A power is a chain of operations that wait for each other; those of up to four vectors alternate.
INLINE void NAME(powers)(floats *x, const int count) {
    const floats limit = 60.0f, magic = 12582912.0f;
    floats shifted[4], f[4], p[4];
    EACH f[i] = x[i] > limit ? limit : x[i];
    EACH f[i] = f[i] < -limit ? -limit : f[i];
    EACH shifted[i] = f[i] + magic;
    EACH f[i] = f[i] - (shifted[i] - magic);
    EACH p[i] = 0.001324740821f * f[i] + 0.009669019841f;
    EACH p[i] = p[i] * f[i] + 0.05550763383f;
    EACH p[i] = p[i] * f[i] + 0.2402228266f;
    EACH p[i] = p[i] * f[i] + 0.6931469440f;
    EACH p[i] = p[i] * f[i] + 1.0f;
    EACH {
        integers bits, exponent;
        __builtin_memcpy(&bits, &p[i], sizeof bits);
        __builtin_memcpy(&exponent, &shifted[i], sizeof bits);
        bits += exponent << 23;
        __builtin_memcpy(&x[i], &bits, sizeof bits);
    }
}

#undef EACH

INLINE floats NAME(power)(floats x) {
    NAME(powers)(&x, 1);
    return x;
}
