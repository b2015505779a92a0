package dpdk

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// ErrInitialised is returned by a second Init: libdpdk keeps its state in the process and
// cannot be initialised again, not even after a failure or a Cleanup.
var ErrInitialised = errors.New("EAL can be initialised only once in a process")

// initialised is set as soon as rte_eal_init was called, whatever it returned.
var initialised atomic.Bool

// EAL is the initialised environment abstraction layer of this process.
type EAL struct {
	options   Options
	hugepages string
	hugeDir   string      // private mount, or empty
	owner     *os.File    // locked: the runtime directory is in use
	leftovers []string    // prefixes of dead processes whose files were removed
	calls     chan func() // run on the main lcore's thread
	cleanup   sync.Once
	err       error // of cleanup
}

// Init initialises EAL. Everything that can be judged beforehand is judged before
// rte_eal_init is called; only then is the one chance of the process used up.
//
// rte_eal_init runs on a thread of its own, which becomes the main lcore and stays it until
// Cleanup. Threads that EAL creates have every asynchronous signal blocked. EAL reports its
// own warnings and errors on stderr. A vdev that cannot be created is not an error here: its
// port is missing, which LookupPort reports.
func Init(o Options) (*EAL, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	leftovers := removeLeftovers(filepath.Dir(runtimeDir(o.FilePrefix)), mountDir) // frees their hugepages
	removeHugeFiles(o.FilePrefix)
	huge, err := hugepagesNow(o.Hugepages, o.MemoryMB)
	if err != nil {
		return nil, err
	}
	if err := checkNoPrimary(o.FilePrefix); err != nil {
		return nil, err
	}
	if !initialised.CompareAndSwap(false, true) {
		return nil, ErrInitialised
	}
	e := &EAL{options: o, leftovers: leftovers, calls: make(chan func())}
	if err := e.prepareFiles(huge); err != nil {
		initialised.Store(false)
		return nil, err
	}
	go e.mainThread()
	e.do(func() { err = ealInit(o.args(huge, e.hugeDir)) })
	if err != nil {
		close(e.calls)
		return nil, errors.Join(err, e.removeFiles())
	}
	return e, nil
}

// mountDir is where private mounts are made.
const mountDir = "/run"

// prepareFiles marks the runtime directory as ours and mounts a hugetlbfs where one is needed.
func (e *EAL) prepareFiles(huge hugePlan) (err error) {
	dir := runtimeDir(e.options.FilePrefix)
	if e.owner, err = ownRuntimeDir(dir); err != nil {
		return err
	}
	if err = e.prepareHugepages(huge); err != nil {
		return errors.Join(err, os.RemoveAll(dir), e.owner.Close())
	}
	return nil
}

func (e *EAL) prepareHugepages(huge hugePlan) error {
	if !huge.use {
		e.hugepages = "not used: " + huge.reason
		return nil
	}
	e.hugepages = "used: " + huge.reason
	if !huge.mount {
		return nil
	}
	dir := privateMount(mountDir, e.options.FilePrefix)
	if err := mountHugetlbfs(dir, huge.pageKB); err != nil {
		return err
	}
	e.hugeDir = dir
	e.hugepages += ", hugetlbfs mounted on " + dir
	return nil
}

// mainThread keeps EAL's main lcore. It never unlocks: EAL pinned the thread and gave it an
// lcore id, so that it must not return to Go's pool and ends with its goroutine.
func (e *EAL) mainThread() {
	runtime.LockOSThread()
	for call := range e.calls {
		call()
	}
}

// do runs a function on the main lcore's thread and waits for it.
func (e *EAL) do(call func()) {
	done := make(chan struct{})
	e.calls <- func() {
		defer close(done)
		call()
	}
	<-done
}

func ealInit(args []string) error {
	argv := make([]*C.char, len(args))
	for i, arg := range args {
		argv[i] = C.CString(arg)
	}
	// rte_eal_init permutes the array it gets, so it gets another one than ours.
	size := C.size_t(len(argv)+1) * C.size_t(unsafe.Sizeof(argv[0]))
	cArgs := (**C.char)(C.calloc(1, size))
	copy(unsafe.Slice(cArgs, len(argv)), argv)
	defer func() {
		C.free(unsafe.Pointer(cArgs))
		for _, arg := range argv {
			C.free(unsafe.Pointer(arg))
		}
	}()
	subject := "EAL (" + strings.Join(args[1:], " ") + ")"
	return check(C.shim_eal_init(C.int(len(args)), cArgs), "rte_eal_init", subject)
}

// Hugepages says in one clause whether hugepages are used and why.
func (e *EAL) Hugepages() string { return e.hugepages }

// Options returns the options in force, defaults filled in.
func (e *EAL) Options() Options { return e.options }

// MainLcore returns the main lcore.
func (e *EAL) MainLcore() int { return e.options.MainLcore }

// WorkerLcores returns the worker lcores, ascending.
func (e *EAL) WorkerLcores() []int {
	workers := slices.Clone(e.options.Lcores)
	slices.Sort(workers)
	return workers
}

// RuntimeDir returns EAL's directory of this process, removed by Cleanup.
func (e *EAL) RuntimeDir() string { return C.GoString(C.shim_runtime_dir()) }

// Cleanup closes every port, gives EAL's memory back and removes its files. All lcores must have
// returned. A second call returns the result of the first.
func (e *EAL) Cleanup() error {
	e.cleanup.Do(func() {
		for _, lcore := range e.WorkerLcores() {
			if LcoreRunning(lcore) {
				e.err = fmt.Errorf("EAL cleanup: lcore %d still runs: stop it and wait for it first", lcore)
				return
			}
		}
		dir := e.RuntimeDir()
		var rc C.int
		e.do(func() { rc = C.shim_eal_cleanup() })
		removeOwnHugeFiles(e.options.FilePrefix)
		close(e.calls)
		e.err = errors.Join(check(rc, "rte_eal_cleanup", ""), e.removeFiles(), removeRuntimeDir(dir, e.options.FilePrefix), e.owner.Close())
	})
	return e.err
}

// removeFiles undoes what prepareHugepages did.
func (e *EAL) removeFiles() error {
	if e.hugeDir == "" {
		return nil
	}
	return unmountHugetlbfs(e.hugeDir)
}

// removeRuntimeDir removes EAL's directory, and nothing that does not look like it.
func removeRuntimeDir(dir, prefix string) error {
	if filepath.Base(dir) != prefix || filepath.Base(filepath.Dir(dir)) != "dpdk" {
		return fmt.Errorf("EAL runtime directory %s: expected dpdk/%s, not removed", dir, prefix)
	}
	return os.RemoveAll(dir)
}
