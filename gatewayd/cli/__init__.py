"""Commands: argv -> the daemon, or a request to one through its socket."""
