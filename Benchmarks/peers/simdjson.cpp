// simdjson on demand: a payload of numbers and a time, by field or by iteration.

#include <simdjson.h>
#include <string>
#include <vector>

#include "peer.h"

namespace {

using namespace simdjson;

struct Peer {
    padded_string payload;
    std::vector<std::string> fields;
    ondemand::parser parser;
    std::vector<double> values;
    std::string_view time;

    /// By field nothing behind the last one is looked at; by iteration all is checked.
    void run(bool byField) {
        ondemand::document document = parser.iterate(payload);
        ondemand::object object = document.get_object();
        size_t count = 0;
        if (byField) {
            time = object.find_field("time").get_string().value();
            for (auto &field : fields)
                values[count++] = object.find_field(field).get_double().value();
            return;
        }
        for (auto field : object) {
            if (field.key() == "time")
                time = field.value().get_string().value();
            else
                values[count++] = field.value().get_double().value();
        }
        if (document.current_location().error() != OUT_OF_BOUNDS)
            throw std::runtime_error("more behind the payload");
    }
};

} // namespace

extern "C" {

void *json_open(const char *payload, const char *const *fields, int count) {
    auto peer = new Peer;
    peer->payload = padded_string(std::string_view(payload));
    peer->fields.assign(fields, fields + count);
    peer->values.resize(count);
    return peer;
}

double json_run(void *p, int byField, int times) {
    auto peer = static_cast<Peer *>(p);
    for (int i = 0; i < times / 8 + 1; i++) peer->run(byField);
    double begin = processor_nanoseconds();
    for (int i = 0; i < times; i++) peer->run(byField);
    return processor_nanoseconds() - begin;
}

const double *json_values(void *p) { return static_cast<Peer *>(p)->values.data(); }
}
