package dpdk

// Overrun does what follows when the kernel has told more than there was room for.
func (w *KernelLinks) Overrun() error { return w.askForAll() }

// Hold keeps the watch from reading while f runs.
func (w *KernelLinks) Hold(f func()) {
	w.mu.Lock() // take waits for it, and with it the next read
	defer w.mu.Unlock()
	f()
}
