/* Awkward LV2 plugins for the tests: each misbehaves in one way. No LV2 header is needed.
 *
 * Ports, unless said otherwise: 0 audio in, 1 audio out, 2 control `gain`, 3 control `mode`.
 * Every plugin multiplies by its gain, and does its own thing where `mode` says so.
 */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "urn:dafx-bridge:awkward:"
#define PORTS 16

typedef struct { const char *uri; void *data; } Feature;
typedef struct Descriptor {
    const char *uri;
    void *(*instantiate)(const struct Descriptor *, double, const char *, const Feature *const *);
    void (*connect_port)(void *, uint32_t, void *);
    void (*activate)(void *);
    void (*run)(void *, uint32_t);
    void (*deactivate)(void *);
    void (*cleanup)(void *);
    const void *(*extension_data)(const char *);
} Descriptor;

typedef struct { void *handle; uint32_t (*map)(void *, const char *); } Map;
typedef struct { void *handle; int (*schedule)(void *, uint32_t, const void *); } Schedule;
typedef int (*Respond)(void *, uint32_t, const void *);
typedef struct {
    int (*work)(void *, Respond, void *, uint32_t, const void *);
    int (*work_response)(void *, uint32_t, const void *);
    int (*end_run)(void *);
} Worker;
typedef struct { uint32_t size, type; } Atom;

typedef struct {
    void *ports[PORTS];
    float applied, memory;
    double rate;
    const Schedule *schedule;
    uint32_t sequence, chunk;
} Plugin;

static const void *feature(const Feature *const *features, const char *uri)
{
    for (; features && *features; ++features)
        if (!strcmp((*features)->uri, uri))
            return (*features)->data;
    return NULL;
}

static void *make(const Descriptor *d, double rate, const char *path, const Feature *const *features)
{
    Plugin *p = calloc(1, sizeof(Plugin));
    (void)d, (void)path, (void)features;
    p->rate = rate;
    return p;
}

static void *make_crashing(
    const Descriptor *d, double rate, const char *path, const Feature *const *features)
{
    (void)d, (void)rate, (void)path, (void)features;
    *(volatile int *)0 = 1;
    return NULL;
}

static void *make_worker(
    const Descriptor *d, double rate, const char *path, const Feature *const *features)
{
    const Map *map = feature(features, "http://lv2plug.in/ns/ext/urid#map");
    const Schedule *schedule = feature(features, "http://lv2plug.in/ns/ext/worker#schedule");
    if (!map || !schedule)
        return NULL;
    Plugin *p = make(d, rate, path, features);
    p->schedule = schedule;
    p->sequence = map->map(map->handle, "http://lv2plug.in/ns/ext/atom#Sequence");
    return p;
}

static void connect_port(void *handle, uint32_t port, void *data) { ((Plugin *)handle)->ports[port] = data; }
static void start(void *handle) { ((Plugin *)handle)->memory = 0; }
static const void *nothing(const char *uri) { (void)uri; return NULL; }
static float control(Plugin *p, int port) { return *(float *)p->ports[port]; }

static void amplify(Plugin *p, uint32_t frames, float gain)
{
    const float *in = p->ports[0];
    float *out = p->ports[1];
    for (uint32_t i = 0; i < frames; ++i)
        out[i] = gain * in[i];
}

static void run_plain(void *h, uint32_t n) { amplify(h, n, control(h, 2)); }

static void run_crash(void *h, uint32_t n)
{
    if (n && control(h, 3) > 2.5f)
        *(volatile int *)0 = 1;
    amplify(h, n, control(h, 2));
}

static void run_hang(void *h, uint32_t n)
{
    while (n && control(h, 3) > 2.5f)
        usleep(1000);
    amplify(h, n, control(h, 2));
}

static void run_hang_always(void *h, uint32_t n)
{
    (void)h;
    while (n)
        usleep(1000);
}

static void run_exit(void *h, uint32_t n)
{
    if (n && control(h, 3) > 2.5f)
        exit(3);
    amplify(h, n, control(h, 2));
}

static void run_nan(void *h, uint32_t n) { amplify(h, n, control(h, 3) > 2.5f ? NAN : control(h, 2)); }

static void run_memory(void *h, uint32_t n)
{
    if (n && control(h, 3) > 2.5f)
        for (int i = 0; i < 64; ++i)
        {
            char *eaten = malloc(64u << 20);
            for (size_t at = 0; eaten && at < 64u << 20; at += 4096)
                eaten[at] = 1;
        }
    amplify(h, n, control(h, 2));
}

static void run_prints(void *h, uint32_t n)
{
    printf("x42: %u frames at %g\n", n, (double)control(h, 2));
    fflush(stdout);
    if (write(1, "raw", 3) < 0)
        return;
    amplify(h, n, control(h, 2));
}

static void run_random(void *h, uint32_t n)
{
    Plugin *p = h;
    float *out = p->ports[1];
    for (uint32_t i = 0; i < n; ++i)
    {
        if (i % 64 == 0)
            p->memory = (float)rand() / (float)RAND_MAX;
        out[i] = p->memory * ((const float *)p->ports[0])[i] * (1 + 0.001f * control(p, 2));
    }
}

static void run_meter(void *h, uint32_t n) { amplify(h, n, 1); }

/* 0 audio in, 1 audio out, 2 gain, 3 boost of up to 100, 4 feedback of up to 1.01, after 10 ms. */
static void run_dangerous(void *h, uint32_t n)
{
    Plugin *p = h;
    static float line[480];
    static int at = 0;
    const float *in = p->ports[0];
    float *out = p->ports[1];
    for (uint32_t i = 0; i < n; ++i)
    {
        if (p->memory == 0)
            memset(line, 0, sizeof line), at = 0, p->memory = 1;
        const float back = control(p, 4) * line[at];
        line[at] = fmaxf(-1, fminf(1, in[i] + back));
        out[i] = control(p, 3) * control(p, 2) * line[at];
        at = (at + 1) % 480;
    }
}

/* 0 audio in, 1 audio out, 2 gain, 3 atoms in, 4 atoms out, 5 CV in. */
static void run_worker(void *h, uint32_t n)
{
    Plugin *p = h;
    const Atom *in = p->ports[3];
    Atom *out = p->ports[4];
    if (in->type != p->sequence || in->size != 8 || out->size < 1024)
        abort();
    out->type = p->sequence, out->size = 8;
    if (((float *)p->ports[5])[0] != 0)
        abort();
    if (p->applied != control(p, 2))
        p->schedule->schedule(p->schedule->handle, sizeof(float), p->ports[2]);
    amplify(p, n, p->applied);
}

static int work(void *h, Respond respond, void *handle, uint32_t size, const void *data)
{
    (void)h;
    return respond(handle, size, data);
}

static int work_response(void *h, uint32_t size, const void *data)
{
    (void)size;
    ((Plugin *)h)->applied = *(const float *)data;
    return 0;
}

static const Worker worker = {work, work_response, NULL};

static const void *with_worker(const char *uri)
{
    return strcmp(uri, "http://lv2plug.in/ns/ext/worker#interface") ? NULL : &worker;
}

/* 0 audio in, 1 audio out, 2 gain, 3 side-chain: what comes there would be heard. */
static void run_sidechain(void *h, uint32_t n)
{
    Plugin *p = h;
    amplify(p, n, control(p, 2));
    for (uint32_t i = 0; i < n; ++i)
        ((float *)p->ports[1])[i] += 100 * ((const float *)p->ports[3])[i];
}

/* 0 audio in, 1 audio out, 2 gain without a default, 3 fixed, 4 cutoff as a share of the rate. */
static void run_ranges(void *h, uint32_t n)
{
    Plugin *p = h;
    const float keep = expf(-6.2831853f * control(p, 4) / (float)p->rate);
    const float *in = p->ports[0];
    float *out = p->ports[1];
    for (uint32_t i = 0; i < n; ++i)
        out[i] = p->memory = (1 - keep) * control(p, 2) * in[i] + keep * p->memory;
    if (control(p, 3) != 5)
        abort();
}

#define PLUGIN(name, maker, runner, extension) \
    {PREFIX name, maker, connect_port, start, runner, NULL, free, extension}

static const Descriptor plugins[] = {
    PLUGIN("plain", make, run_plain, nothing),
    PLUGIN("crash", make, run_crash, nothing),
    PLUGIN("crash-at-once", make_crashing, run_plain, nothing),
    PLUGIN("hang", make, run_hang, nothing),
    PLUGIN("hang-at-once", make, run_hang_always, nothing),
    PLUGIN("exit", make, run_exit, nothing),
    PLUGIN("nan", make, run_nan, nothing),
    PLUGIN("memory", make, run_memory, nothing),
    PLUGIN("prints", make, run_prints, nothing),
    PLUGIN("random", make, run_random, nothing),
    PLUGIN("meter", make, run_meter, nothing),
    PLUGIN("dangerous", make, run_dangerous, nothing),
    PLUGIN("six", make, run_plain, nothing),
    PLUGIN("worker", make_worker, run_worker, with_worker),
    PLUGIN("sidechain", make, run_sidechain, nothing),
    PLUGIN("ranges", make, run_ranges, nothing),
    PLUGIN("needs", make, run_plain, nothing),
};

__attribute__((visibility("default"))) const Descriptor *lv2_descriptor(uint32_t index)
{
    return index < sizeof plugins / sizeof *plugins ? &plugins[index] : NULL;
}
