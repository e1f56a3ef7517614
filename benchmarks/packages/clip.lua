ardour {
    ["type"] = "dsp", name = "Bridge Clip", category = "Instrument", license = "MIT",
    author = "dafx-bridge", description = "Bursts of noise, the same as benchmarks.packages.ardour"
}

function dsp_ioconfig () return { { audio_in = -1, audio_out = -1 } } end
function dsp_params () return {} end
function dsp_init (rate) end
function dsp_configure (ins, outs) seed = 1; at = 0 end

function dsp_run (ins, outs, frames)
    local sound = {}
    for i = 1, frames do
        seed = (seed * 1103515245 + 12345) % 2147483648
        sound[i] = (seed / 1073741824 - 1) * 0.3 * math.exp (-(at % 12000) / 3000)
        at = at + 1
    end
    for c = 1, #outs do outs[c]:set_table (sound, frames) end
end
