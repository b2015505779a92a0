package dpdk

// Hold keeps the watch from reading while f runs.
func (w *KernelLinks) Hold(f func()) {
	w.mu.Lock() // take waits for it, and with it the next read
	defer w.mu.Unlock()
	f()
}
