package gateway

import (
	"context"
	"errors"
	"fmt"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/bolt"
	"mirrorgw/lcore"
)

// stateFault says that the state cannot be used, as opposed to what --apply or the configuration
// say; with on_damage = "forward-only" the gateway lives with it.
type stateFault struct{ err error }

func (f *stateFault) Error() string { return f.err.Error() }
func (f *stateFault) Unwrap() error { return f.err }

// loader opens the state, makes it equal to --apply, and puts it in force.
type loader struct {
	*prepared
	o     *Options
	group *lcore.Group
	data  *dataPath
	store *store.Store // nil until it is open
}

// loaded is what a loader has come to.
type loaded struct {
	store *store.Store // nil on error
	fault error        // why the state is not in use though production goes on
	err   error        // why the gateway cannot start
}

// load does it all. Where the state cannot be used and production goes before, there are no
// resources, and the fault is told.
func (l *loader) load() loaded {
	err := l.loadState()
	var fault *stateFault
	if !errors.As(err, &fault) || l.cfg.State.OnDamage != config.OnDamageForwardOnly {
		return loaded{store: l.store, err: err}
	}
	l.o.Log.Error("the state cannot be used: nothing is mirrored and changes are refused, production goes on", "error", fault.err)
	err = l.open(refusing{fault.err})
	return loaded{store: l.store, fault: fault.err, err: err}
}

func (l *loader) loadState() error {
	var persistence store.Persistence // nil: memory only
	if path := l.cfg.State.Path; path != "" {
		if err := config.CheckState(l.cfg); err != nil {
			return &stateFault{err}
		}
		file, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			return &stateFault{err}
		}
		persistence = file
	}
	if err := l.openAndApply(persistence); err != nil {
		if l.store != nil {
			l.store.Close() // the first error says more
			l.store = nil
		}
		return err
	}
	return nil
}

func (l *loader) openAndApply(persistence store.Persistence) error {
	resources, err := store.Open(l.storeOptions(persistence))
	if err != nil {
		if persistence != nil {
			persistence.Close()
			return &stateFault{err}
		}
		return err
	}
	l.store = resources
	if err := l.apply(); err != nil {
		return err
	}
	if err := l.publish(); err != nil && persistence != nil {
		return &stateFault{err}
	} else if err != nil {
		return err
	}
	return nil
}

// open is loadState for resources that cannot fail to load.
func (l *loader) open(persistence store.Persistence) (err error) {
	if l.store, err = store.Open(l.storeOptions(persistence)); err != nil {
		return err
	}
	return l.publish()
}

func (l *loader) storeOptions(persistence store.Persistence) store.Options {
	mtu := map[string]int{}
	for _, port := range l.group.Ports() {
		if known := port.TunnelMTU(); known > 0 {
			mtu[port.Name] = known
		}
	}
	return store.Options{Config: l.cfg, PortMTU: mtu, Publisher: l.data, Persistence: persistence, SameOrganization: l.directory.SameOrganization}
}

// apply makes the resources equal to the document of --apply, at every start.
func (l *loader) apply() error {
	if l.doc == nil {
		return nil
	}
	result, err := l.store.Change(context.Background(), store.Request{}, func(tx *store.Tx) error {
		return tx.Reconcile(l.doc, false)
	})
	if codeOf(err) == api.CodeStorageFailed {
		return &stateFault{err}
	}
	if err != nil {
		return err
	}
	l.o.Log.Info("applied", "file", l.o.Apply, "changes", len(result.Events), "revision", result.Revision)
	return nil
}

// publish puts the resources in force for the first time.
func (l *loader) publish() error {
	err := l.store.Start()
	switch {
	case errors.Is(err, ctl.ErrStalled):
		l.o.Log.Warn("an lcore does not run", "error", err)
	case err != nil:
		return err
	}
	for _, w := range l.store.Warnings() {
		l.o.Log.Warn(w.String())
	}
	return nil
}

// codeOf returns the API's code for an error, or "".
func codeOf(err error) string {
	var problems *problem.Error
	if errors.As(err, &problems) && len(problems.Problems) > 0 {
		return problems.Problems[0].Code
	}
	return ""
}

// refusing is the persistence of a state that cannot be used: nothing is loaded, and every change
// is refused with the reason.
type refusing struct{ fault error }

// Load implements store.Persistence.
func (refusing) Load() (*store.Saved, error) { return &store.Saved{}, nil }

// Save implements store.Persistence.
func (r refusing) Save(*store.Batch) error {
	return fmt.Errorf("the gateway started without its state: %w", r.fault)
}

// Close implements store.Persistence.
func (refusing) Close() error { return nil }
