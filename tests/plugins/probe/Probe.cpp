#include "DistrhoPlugin.hpp"

// The tests' own plugin: one source, built as LV2 and as VST3.
//
// For each channel y[n] = gain * slope * x[n - kLatency] + feedback * y[n - 1], the first term with
// its sign flipped by `invert`. The feedback is a memory that a render must not take over from
// another one, and the delay is reported to the host as latency.
//
// Built with PROBE_DRIFTS, every instance is a little louder than the one before, as analogue
// circuits and their models are: then no reset is like a new instance. Built with PROBE_CRASHES, it
// crashes where the slope is above 2.

START_NAMESPACE_DISTRHO

class Probe : public Plugin
{
public:
    Probe() : Plugin(kParameters, 0, 0) { setLatency(kLatency); }

protected:
    const char* getLabel() const override { return "Probe"; }
    const char* getMaker() const override { return "dafx-bridge"; }
    const char* getLicense() const override { return "GPL-3.0-or-later"; }
    uint32_t getVersion() const override { return d_version(1, 0, 0); }
    int64_t getUniqueId() const override { return d_cconst('D', 'b', 'P', 'r'); }

    void initParameter(uint32_t index, Parameter& parameter) override
    {
        parameter.hints = kParameterIsAutomatable;
        switch (index)
        {
        case kGain:
            parameter.name = "Gain";
            parameter.symbol = "gain";
            parameter.ranges = ParameterRanges(1.0f, -2.0f, 8.0f);
            break;
        case kFeedback:
            parameter.name = "Feedback";
            parameter.symbol = "feedback";
            parameter.ranges = ParameterRanges(0.0f, 0.0f, 0.999f);
            break;
        case kInvert:
            parameter.name = "Invert";
            parameter.symbol = "invert";
            parameter.hints |= kParameterIsBoolean | kParameterIsInteger;
            parameter.ranges = ParameterRanges(0.0f, 0.0f, 1.0f);
            break;
        case kSlope:
            parameter.name = "Slope";
            parameter.symbol = "slope";
            parameter.hints |= kParameterIsInteger;
            parameter.ranges = ParameterRanges(1.0f, 1.0f, 4.0f);
            break;
        }
    }

    float getParameterValue(uint32_t index) const override { return fValues[index]; }
    void setParameterValue(uint32_t index, float value) override { fValues[index] = value; }

    void run(const float** inputs, float** outputs, uint32_t frames) override
    {
#ifdef PROBE_CRASHES
        if (fValues[kSlope] > 2.5f)
            *(volatile int*)nullptr = 1;
#endif
        const float sign = fValues[kInvert] > 0.5f ? -1.0f : 1.0f;
        const float gain = sign * fValues[kGain] * fValues[kSlope] * fDrift;
        for (uint32_t channel = 0; channel < 2; ++channel)
        {
            uint32_t position = fPosition;
            for (uint32_t frame = 0; frame < frames; ++frame)
            {
                const float delayed = fDelayed[channel][position];
                fDelayed[channel][position] = inputs[channel][frame];
                position = (position + 1) % kLatency;
                fLast[channel] = gain * delayed + fValues[kFeedback] * fLast[channel];
                outputs[channel][frame] = fLast[channel];
            }
            if (channel == 1)
                fPosition = position;
        }
    }

private:
    enum { kGain, kFeedback, kInvert, kSlope, kParameters };
    static const uint32_t kLatency = 100;

    float fValues[kParameters] = { 1.0f, 0.0f, 0.0f, 1.0f };
    float fDelayed[2][kLatency] = {};
    float fLast[2] = {};
    uint32_t fPosition = 0;
#ifdef PROBE_DRIFTS
    inline static float sDrift = 1.0f;
    const float fDrift = sDrift += 0.001f;
#else
    const float fDrift = 1.0f;
#endif

    DISTRHO_DECLARE_NON_COPYABLE_WITH_LEAK_DETECTOR(Probe)
};

Plugin* createPlugin() { return new Probe(); }

END_NAMESPACE_DISTRHO
