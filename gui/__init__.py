"""The desktop application: a client of the engine's control surface, without audio or models.

One thread, Qt's: a timer polls the engine's socket and nothing waits. Files are read by workers of
Qt's thread pool. The engine is a process of its own, which `gui.supervisor` starts and watches.
`gui.views` holds what is shown, free of Qt; `gui.widgets` shows it.
"""
