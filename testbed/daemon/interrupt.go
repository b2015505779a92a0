package daemon

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interrupted is the exit code of a test program that a person ended.
const interrupted = 130

var hooks struct {
	sync.Mutex
	last int
	run  map[int]func()
}

// OnInterrupt has f called when a test program with Main is ended by SIGINT, SIGTERM or SIGHUP, for what
// would outlive it and t.Cleanup does not get to. The returned function takes f back.
func OnInterrupt(f func()) (cancel func()) {
	hooks.Lock()
	defer hooks.Unlock()
	if hooks.run == nil {
		hooks.run = map[int]func(){}
	}
	hooks.last++
	number := hooks.last
	hooks.run[number] = f
	return func() {
		hooks.Lock()
		defer hooks.Unlock()
		delete(hooks.run, number)
	}
}

// handleInterrupts cleans up and exits when a signal comes. Daemons end with the program anyway.
func handleInterrupts() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		hooks.Lock() // for good: nothing is to be made any more
		for _, f := range hooks.run {
			f()
		}
		removeBuilt()
		os.Exit(interrupted)
	}()
}
