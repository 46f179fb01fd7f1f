package facts

const clockMark = "clock "

// Script is the POSIX sh source that prints what Parse reads. It changes nothing on the host.
func Script(opts Options) string { return "" }
