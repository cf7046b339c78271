// One instruction set's form of the gates; Gates.c includes this file for each.
//
// Gates lie in panels of sixteen units, [gate][panel of units][lane][16], hidden state, memory and
// their gradients row-major, [lane][units padded to whole panels]. Units that only pad stay 0. libm
// is never called: its tanhf costs 200 times as much, and differs from machine to machine.

typedef float NAME(floats) __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef int32_t NAME(integers) __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
#define floats NAME(floats)
#define integers NAME(integers)

#include "Power.h"

// e^−x and e^−2x: σ(x) = 1 / (1 + e^−x), tanh(x) = (1 − e^−2x) / (1 + e^−2x).
#define FOR_SIGMOID -1.44269504f
#define FOR_TANH -2.88539008f
INLINE floats NAME(for_sigmoid)(floats x) { return NAME(power)(x * FOR_SIGMOID); }
INLINE floats NAME(for_tanh)(floats x) { return NAME(power)(x * FOR_TANH); }

INLINE floats NAME(hyperbolic_tangent)(floats x) {
    const floats e = NAME(for_tanh)(x);
    return (1.0f - e) / (1.0f + e);
}

// Vectors of a panel.
#define PARTS (TOCSIN_PANEL / LANES)

// Each vector of a step: GATES are its gates, `gate` apart, and UNITS is its place in a row-major
// array.
#define EACH_VECTOR                                                       \
    for (size_t panel = 0; panel < padded; panel += TOCSIN_PANEL)         \
        for (size_t lane = 0; lane < lanes; lane++)                       \
            _Pragma("unroll") for (size_t v = 0; v < TOCSIN_PANEL; v += LANES)
#define GATES (gates + panel * lanes + lane * TOCSIN_PANEL + v)
#define UNITS (lane * padded + panel + v)
#define AT(place) (*(floats *)(place))
#define CONST_AT(place) (*(const floats *)(place))

// e to the power of what `factor` makes of x, in place. Of two vectors at once all constants have a
// register.
INLINE void NAME(exponentials)(float *x, const size_t count, const float factor) {
    size_t j = 0;
    for (; j + 2 * LANES <= count; j += 2 * LANES) {
        floats e[2] = {AT(x + j) * factor, AT(x + j + LANES) * factor};
        NAME(powers)(e, 2);
        AT(x + j) = e[0];
        AT(x + j + LANES) = e[1];
    }
    if (j < count) AT(x + j) = NAME(power)(AT(x + j) * factor);
}

// From sums to state leads a chain of operations that wait for each other, but vectors do not wait
// for each other: so each stage runs through a panel before the next one begins.
static void NAME(lstm_forward)(float *gates, const float *c_before, float *c_after,
                               float *h_after, size_t lanes, size_t padded) {
    const size_t gate = lanes * padded, count = lanes * TOCSIN_PANEL;
    for (size_t panel = 0; panel < padded; panel += TOCSIN_PANEL, gates += count) {
        for (size_t g = 0; g < 4; g++)
            NAME(exponentials)(gates + g * gate, count, g == 2 ? FOR_TANH : FOR_SIGMOID);
        for (size_t lane = 0; lane < lanes; lane++)
            _Pragma("unroll") for (size_t v = 0; v < TOCSIN_PANEL; v += LANES) {
                float *const a = gates + lane * TOCSIN_PANEL + v;
                const size_t u = lane * padded + panel + v;
                const floats ei = 1.0f + AT(a), ef = 1.0f + AT(a + gate);
                const floats eg = AT(a + 2 * gate), eo = 1.0f + AT(a + 3 * gate);
                // Two gates share a division.
                const floats first = 1.0f / (ei * ef), second = 1.0f / ((1.0f + eg) * eo);
                const floats i = ef * first, f = ei * first, g = (1.0f - eg) * eo * second;
                AT(a) = i;
                AT(a + gate) = f;
                AT(a + 2 * gate) = g;
                AT(a + 3 * gate) = (1.0f + eg) * second;
                AT(c_after + u) = f * CONST_AT(c_before + u) + i * g;
            }
        const float *const o = gates + 3 * gate;
        for (size_t lane = 0; lane < lanes; lane++) {
            floats e[PARTS];
            const size_t u = lane * padded + panel;
            _Pragma("unroll") for (int v = 0; v < PARTS; v++) e[v] =
                AT(c_after + u + v * LANES) * FOR_TANH;
            NAME(powers)(e, PARTS);
            _Pragma("unroll") for (int v = 0; v < PARTS; v++) AT(h_after + u + v * LANES) =
                CONST_AT(o + lane * TOCSIN_PANEL + v * LANES) * ((1.0f - e[v]) / (1.0f + e[v]));
        }
    }
}

static void NAME(lstm_backward)(float *gates, const float *h_after, const float *c_before,
                                const float *gradient, const float *dh, float *dc,
                                size_t lanes, size_t padded) {
    const size_t gate = lanes * padded;
    EACH_VECTOR {
        float *const a = GATES;
        const size_t u = UNITS;
        const floats i = AT(a), f = AT(a + gate), g = AT(a + 2 * gate), o = AT(a + 3 * gate);
        // h = o tanh(c), and o is never 0.
        const floats t = CONST_AT(h_after + u) / o;
        const floats h = CONST_AT(dh + u) + CONST_AT(gradient + u);
        const floats d = AT(dc + u) + h * o * (1.0f - t * t);
        AT(a) = d * g * i * (1.0f - i);
        AT(a + gate) = d * CONST_AT(c_before + u) * f * (1.0f - f);
        AT(a + 2 * gate) = d * i * (1.0f - g * g);
        AT(a + 3 * gate) = h * t * o * (1.0f - o);
        AT(dc + u) = d * f;
    }
}

// Gates r z n, and as a fourth what the hidden units add to n before r weighs it.
static void NAME(gru_forward)(float *gates, const float *h_before, float *h_after, size_t lanes,
                              size_t padded) {
    const size_t gate = lanes * padded;
    EACH_VECTOR {
        float *const a = GATES;
        const size_t u = UNITS;
        const floats er = NAME(for_sigmoid)(AT(a)), ez = NAME(for_sigmoid)(AT(a + gate));
        const floats both = 1.0f / ((1.0f + er) * (1.0f + ez));
        const floats r = (1.0f + ez) * both, z = (1.0f + er) * both;
        const floats n =
            NAME(hyperbolic_tangent)(AT(a + 2 * gate) + r * AT(a + 3 * gate));
        AT(a) = r;
        AT(a + gate) = z;
        AT(a + 2 * gate) = n;
        AT(h_after + u) = (1.0f - z) * n + z * CONST_AT(h_before + u);
    }
}

static void NAME(gru_backward)(float *gates, const float *h_before, const float *gradient,
                               float *dh, size_t lanes, size_t padded) {
    const size_t gate = lanes * padded;
    EACH_VECTOR {
        float *const a = GATES;
        const size_t u = UNITS;
        const floats r = AT(a), z = AT(a + gate), n = AT(a + 2 * gate);
        const floats h = AT(dh + u) + CONST_AT(gradient + u);
        const floats dn = h * (1.0f - z) * (1.0f - n * n);
        AT(a) = dn * AT(a + 3 * gate) * r * (1.0f - r);
        AT(a + gate) = h * (CONST_AT(h_before + u) - n) * z * (1.0f - z);
        AT(a + 2 * gate) = dn;
        AT(a + 3 * gate) = dn * r;
        AT(dh + u) = h * z;
    }
}

static void NAME(rnn_forward)(float *gates, float *h_after, size_t lanes, size_t padded) {
    EACH_VECTOR {
        float *const a = GATES;
        const size_t u = UNITS;
        const floats h = NAME(hyperbolic_tangent)(AT(a));
        AT(a) = h;
        AT(h_after + u) = h;
    }
}

static void NAME(rnn_backward)(float *gates, const float *gradient, const float *dh,
                               size_t lanes, size_t padded) {
    EACH_VECTOR {
        float *const a = GATES;
        const size_t u = UNITS;
        const floats h = CONST_AT(dh + u) + CONST_AT(gradient + u);
        AT(a) = h * (1.0f - AT(a) * AT(a));
    }
}

static void NAME(gates_forward)(enum tocsin_layer_kind kind, float *gates, const float *h_before,
                                float *h_after, const float *c_before, float *c_after,
                                size_t lanes, size_t padded) {
    switch (kind) {
    case TOCSIN_LSTM: NAME(lstm_forward)(gates, c_before, c_after, h_after, lanes, padded); break;
    case TOCSIN_GRU: NAME(gru_forward)(gates, h_before, h_after, lanes, padded); break;
    default: NAME(rnn_forward)(gates, h_after, lanes, padded);
    }
}

static void NAME(gates_backward)(enum tocsin_layer_kind kind, float *gates, const float *h_before,
                                 const float *h_after, const float *c_before,
                                 const float *gradient, float *dh, float *dc, size_t lanes,
                                 size_t padded) {
    switch (kind) {
    case TOCSIN_LSTM:
        NAME(lstm_backward)(gates, h_after, c_before, gradient, dh, dc, lanes, padded);
        break;
    case TOCSIN_GRU: NAME(gru_backward)(gates, h_before, gradient, dh, lanes, padded); break;
    default: NAME(rnn_backward)(gates, gradient, dh, lanes, padded);
    }
}

// y[16] += Σ over rows of x[rows, 16], for panels that lie one after the other; of rows `stride`
// apart, panels `next` apart.
static void NAME(panel_sums)(float *y, const float *x, size_t rows, size_t stride, size_t panels,
                             size_t next) {
    for (size_t p = 0; p < panels; p++)
        for (size_t v = 0; v < TOCSIN_PANEL; v += LANES) {
            floats sum = AT(y + p * TOCSIN_PANEL + v);
            for (size_t r = 0; r < rows; r++) sum += CONST_AT(x + p * next + r * stride + v);
            AT(y + p * TOCSIN_PANEL + v) = sum;
        }
}

#undef CONST_AT
#undef AT
#undef UNITS
#undef GATES
#undef EACH_VECTOR
#undef PARTS
#undef FOR_TANH
#undef FOR_SIGMOID
#undef floats
#undef integers
