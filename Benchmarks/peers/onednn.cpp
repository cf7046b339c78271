// oneDNN: one recurrent primitive for each layer, and an inner product as the head.

#include <dnnl.hpp>
#include <vector>

#include "peer.h"

using namespace dnnl;
using tag = memory::format_tag;

namespace {

const auto f32 = memory::data_type::f32;

struct Call {
    primitive work;
    std::unordered_map<int, memory> arguments;
};

struct Peer {
    engine cpu{engine::kind::cpu, 0};
    stream queue{cpu};
    // States go from one set of buffers to the other and back, so that nothing is copied.
    std::vector<Call> calls[2];
    memory x, y;
    size_t size;
    int turn = 0;

    memory room(const memory::desc &desc) {
        memory m(desc, cpu);
        memset(m.get_data_handle(), 0, desc.get_size());
        return m;
    }

    /// `values` in the layout that the primitive likes best.
    memory packed(std::vector<float> values, memory::dims dims, tag layout, memory::desc wanted) {
        memory plain({dims, f32, layout}, cpu, values.data());
        memory best(wanted, cpu);
        reorder(plain, best).execute(queue, plain, best);
        queue.wait();
        return best;
    }

    void run(int steps) {
        for (int i = 0; i < steps; i++) {
            for (auto &call : calls[turn]) call.work.execute(queue, call.arguments);
            turn = 1 - turn;
        }
        queue.wait();
    }
};

/// Rows of `hidden` numbers, gate by gate, in oneDNN's order.
std::vector<float> gates(const float *rows, int width, const struct network &n) {
    // LSTM: i f g o in both. GRU: r z n in PyTorch, z r n in oneDNN.
    std::vector<int> order = n.gru ? std::vector<int>{1, 0, 2} : std::vector<int>{0, 1, 2, 3};
    std::vector<float> out;
    for (int gate : order) {
        const float *start = rows + (size_t)gate * n.hidden * width;
        out.insert(out.end(), start, start + (size_t)n.hidden * width);
    }
    return out;
}

/// One layer; returns what lies behind its weights, and its output in `source`.
const float *layer(Peer &peer, const struct network &n, const float *w, int inputs,
                   memory source[2]) {
    const int g = n.gru ? 3 : 4, h = n.hidden, b = n.batch;
    const float *input = w, *recurrent = input + (size_t)g * h * inputs;
    const float *first = recurrent + (size_t)g * h * h, *second = first + g * h;

    // The two biases are one, but for the GRU's candidate, whose second one the reset gate scales.
    auto bias = gates(first, 1, n), other = gates(second, 1, n);
    for (int i = 0; i < g * h; i++)
        if (!n.gru || i < 2 * h) bias[i] += other[i];
    if (n.gru) bias.insert(bias.end(), other.begin() + 2 * h, other.end());
    const int rows = 4;

    memory::desc x({1, b, inputs}, f32, tag::tnc), y({1, b, h}, f32, tag::tnc);
    memory::desc state({1, 1, b, h}, f32, tag::ldnc), biases({1, 1, rows, h}, f32, tag::ldgo);
    memory::desc wx({1, 1, inputs, g, h}, f32, tag::any), wh({1, 1, h, g, h}, f32, tag::any);
    const auto kind = prop_kind::forward_inference;
    const auto way = rnn_direction::unidirectional_left2right;

    primitive work;
    memory::desc wxBest, whBest;
    if (n.gru) {
        lbr_gru_forward::primitive_desc d(
            {kind, way, x, state, wx, wh, biases, y, state}, peer.cpu);
        work = lbr_gru_forward(d), wxBest = d.weights_layer_desc(), whBest = d.weights_iter_desc();
    } else {
        lstm_forward::primitive_desc d(
            {kind, way, x, state, state, wx, wh, biases, y, state, state}, peer.cpu);
        work = lstm_forward(d), wxBest = d.weights_layer_desc(), whBest = d.weights_iter_desc();
    }
    // PyTorch's rows are outputs: [g, h, in], which is ldgoi.
    auto weights = peer.packed(gates(input, inputs, n), {1, 1, inputs, g, h}, tag::ldgoi, wxBest);
    auto weightsIter = peer.packed(gates(recurrent, h, n), {1, 1, h, g, h}, tag::ldgoi, whBest);
    auto biasMemory = peer.packed(bias, {1, 1, rows, h}, tag::ldgo, biases);

    memory hidden[2] = {peer.room(state), peer.room(state)};
    memory cell[2] = {peer.room(state), peer.room(state)};
    memory out = peer.room(y);
    for (int turn = 0; turn < 2; turn++) {
        Call call{work, {
            {DNNL_ARG_SRC_LAYER, source[turn]}, {DNNL_ARG_SRC_ITER, hidden[turn]},
            {DNNL_ARG_WEIGHTS_LAYER, weights}, {DNNL_ARG_WEIGHTS_ITER, weightsIter},
            {DNNL_ARG_BIAS, biasMemory}, {DNNL_ARG_DST_LAYER, out},
            {DNNL_ARG_DST_ITER, hidden[1 - turn]},
        }};
        if (!n.gru) {
            call.arguments[DNNL_ARG_SRC_ITER_C] = cell[turn];
            call.arguments[DNNL_ARG_DST_ITER_C] = cell[1 - turn];
        }
        peer.calls[turn].push_back(call);
        source[turn] = out;
    }
    return second + g * h;
}

void head(Peer &peer, const struct network &n, const float *w, memory source) {
    memory::desc x({n.batch, n.hidden}, f32, tag::nc), y({n.batch, n.inputs}, f32, tag::nc);
    memory::desc weights({n.inputs, n.hidden}, f32, tag::any), bias({n.inputs}, f32, tag::x);
    inner_product_forward::primitive_desc d(
        {prop_kind::forward_inference, x, weights, bias, y}, peer.cpu);
    const float *b = w + (size_t)n.inputs * n.hidden;
    memory view(x, peer.cpu, source.get_data_handle());
    peer.y = peer.room(y);
    Call call{inner_product_forward(d), {
        {DNNL_ARG_SRC, view},
        {DNNL_ARG_WEIGHTS, peer.packed({w, b}, {n.inputs, n.hidden}, tag::oi, d.weights_desc())},
        {DNNL_ARG_BIAS, peer.packed({b, b + n.inputs}, {n.inputs}, tag::x, bias)},
        {DNNL_ARG_DST, peer.y},
    }};
    for (auto &calls : peer.calls) calls.push_back(call);
}

} // namespace

void *peer_open(const struct network *n, char *error) {
    try {
        auto peer = new Peer;
        peer->size = (size_t)n->batch * n->inputs;
        peer->x = peer->room({{1, n->batch, n->inputs}, f32, tag::tnc});
        memory source[2] = {peer->x, peer->x};
        const float *w = layer(*peer, *n, n->weights, n->inputs, source);
        w = layer(*peer, *n, w, n->hidden, source);
        head(*peer, *n, w, source[0]);
        return peer;
    } catch (const std::exception &failure) {
        snprintf(error, 512, "%s", failure.what());
        return nullptr;
    }
}

void peer_step(void *p, const float *x, float *y) {
    auto peer = static_cast<Peer *>(p);
    memcpy(peer->x.get_data_handle(), x, peer->size * 4);
    peer->run(1);
    memcpy(y, peer->y.get_data_handle(), peer->size * 4);
}

double peer_run(void *p, int steps) {
    auto peer = static_cast<Peer *>(p);
    peer->run(steps / 8 + 1);
    double begin = processor_nanoseconds();
    peer->run(steps);
    return processor_nanoseconds() - begin;
}

void peer_close(void *p) { delete static_cast<Peer *>(p); }
