-- Renders jobs: each a line of a URI, a number of channels, a name, and values as PORT=VALUE, where
-- ports are counted among the controls. What comes out lies in the session's folder.
local backend = AudioEngine:set_backend ("None (Dummy)", "", "")
-- Long, so that no cycle runs a plugin between its activation and its render. Renders are done in
-- blocks of so many frames in any case.
backend:set_buffer_size (8192)
local session = create_session (os.getenv ("SESSION"), "jobs", 44100)
assert (session)
for line in io.lines (os.getenv ("JOBS")) do
    local uri, channels, name, values = line:match ("^(%S+) (%S+) (%S+) ?(.*)$")
    local tracks = session:new_audio_track (tonumber (channels), tonumber (channels), nil, 1, name,
        ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal)
    for track in tracks:iter () do
        track:set_strict_io (true)
        local clip = ARDOUR.LuaAPI.new_luaproc (session, "Bridge Clip")
        local plugin = ARDOUR.LuaAPI.new_plugin (session, uri, ARDOUR.PluginType.LV2, "")
        if not plugin:isnil () then
            track:add_processor_by_index (clip, -1, nil, false)
            track:add_processor_by_index (plugin, -1, nil, false)
            for port, value in values:gmatch ("(%d+)=(%S+)") do
                ARDOUR.LuaAPI.set_processor_param (plugin, tonumber (port), tonumber (value))
            end
            -- Whatever comes last is the less likely to be run before the render.
            if os.getenv ("FIRST") == "plugin" then
                plugin:activate ()
                clip:activate ()
            else
                clip:activate ()
                plugin:activate ()
            end
            track:to_track ():bounce_range (0, 44100, ARDOUR.InterThreadInfo (), plugin, true, name)
        end
    end
end
close_session ()
quit ()
