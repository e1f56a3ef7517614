-- Makes the session that tests drive: `luasession ardour_session.lua` with SESSION_FOLDER and
-- SESSION_NAME in the environment. One track, `guitar`, with mda plugins one after the other.
AudioEngine:set_backend("None (Dummy)", "", "")
local session = create_session(os.getenv("SESSION_FOLDER"), os.getenv("SESSION_NAME"), 48000)
local tracks = session:new_audio_track(1, 2, nil, 1, "guitar", -1, ARDOUR.TrackMode.Normal, true)
local track = tracks:front()
for index, name in ipairs({"Overdrive", "Delay", "Ambience", "Combo"}) do
  local uri = "http://drobilla.net/plugins/mda/" .. name
  local plugin = ARDOUR.LuaAPI.new_plugin(session, uri, ARDOUR.PluginType.LV2, "")
  assert(track:add_processor_by_index(plugin, index - 1, nil, true) == 0, name)
end
session:save_state("", false, false, false, false, false)
close_session()
quit()
