package store

import (
	"fmt"
	"runtime/debug"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
)

// refusedJob is a change that failed by itself.
type refusedJob struct {
	job *job
	err error
}

// applied is a change that is made in memory and waits to be saved and put in force.
type applied struct {
	job    *job
	result Result
	undo   []func()
	token  *usedToken
}

// write is the writer: the only goroutine that changes the state.
func (s *Store) write() {
	defer s.end()
	for {
		select {
		case j := <-s.queue:
			s.pace.wait(s.closing) // others may join meanwhile
			s.pace.measure(func() { s.batch(s.gather(j)) })
		case <-s.closing:
			for { // what was queued before is still done
				select {
				case j := <-s.queue:
					s.batch(s.gather(j))
				default:
					return
				}
			}
		}
	}
}

func (s *Store) end() {
	if s.persistence != nil {
		s.ending = s.persistence.Close()
	}
	s.history.close()
	close(s.stopped)
}

// gather takes everything that is queued.
func (s *Store) gather(first *job) []*job {
	jobs := []*job{first}
	for len(jobs) < maxQueued {
		select {
		case j := <-s.queue:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// batch makes changes that arrived together. Dry runs, starts and what a reload brings are done after them, alone.
func (s *Store) batch(jobs []*job) {
	var plain, alone []*job
	for _, j := range jobs {
		switch {
		case !j.claim(1):
		case j.start || j.request.DryRun || j.configure != nil:
			alone = append(alone, j)
		default:
			plain = append(plain, j)
		}
	}
	if len(plain) > 0 {
		s.changeAll(plain)
	}
	for _, j := range alone {
		switch {
		case j.start:
			j.answer(Result{}, s.startPublishing())
		case j.configure != nil:
			j.answer(Result{}, s.reconfigure(j.configure))
		default:
			s.dryRun(j)
		}
	}
}

// changeAll applies each change on top of the one before and commits all at once. If that fails,
// those that were refused are judged again, alone: what they were refused for may not have been
// made. If it was the data path that refused, so are all others, so that only the guilty one fails.
func (s *Store) changeAll(jobs []*job) {
	began := s.pace.clock.now()
	s.mu.Lock()
	list, refused := s.applyAll(jobs)
	err := s.commit(list)
	s.took.Apply.Note(s.pace.clock.now().Sub(began))
	var again []*job
	switch made := err == nil || isStalled(err); {
	case !made && len(jobs) > 1 && refusedByDataPath(err):
		again = jobs
	case !made && len(jobs) > 1:
		for _, r := range refused {
			again = append(again, r.job)
		}
		s.answer(list, err)
	default:
		for _, r := range refused {
			r.job.answer(Result{}, r.err)
		}
		s.answer(list, err)
	}
	for _, j := range again {
		s.changeAll([]*job{j})
	}
}

// applyAll applies changes in memory; the refused ones are yet to be answered. The caller holds mu.
func (s *Store) applyAll(jobs []*job) (list []*applied, refused []refusedJob) {
	for _, j := range jobs {
		a, err := s.apply(j)
		if err != nil {
			refused = append(refused, refusedJob{j, err})
			continue
		}
		list = append(list, a)
	}
	return list, refused
}

func (s *Store) answer(list []*applied, err error) {
	for _, a := range list {
		if err != nil && !isStalled(err) {
			a.job.answer(Result{}, err)
			continue
		}
		a.job.answer(a.result, err)
	}
}

// apply makes one change in memory, or leaves no trace of it.
func (s *Store) apply(j *job) (*applied, error) {
	now := s.now()
	if j.request.Token != nil {
		if replay, err := s.tokens.replay(j.request.Token, now); err != nil || replay != nil {
			if err != nil {
				return nil, err
			}
			if err := s.begin().approve(j.request.Approve, replay.Events); err != nil {
				return nil, err
			}
			return &applied{job: j, result: *replay}, nil
		}
	}
	if want := j.request.IfMatch; want != 0 && want != s.st.revision {
		return nil, problem.Of(api.CodeRevisionMismatch, "", "", "the resources are at revision %d, not %d; read them again and repeat the change", s.st.revision, want)
	}
	tx := s.begin()
	tx.now, tx.by = now, j.request.By
	if tx.by == (ctl.Actor{}) {
		tx.by.Type = ctl.ActorGateway
	}
	events, err := tx.run(j.change)
	if err == nil {
		err = tx.approve(j.request.Approve, events)
	}
	if err != nil {
		tx.rollback()
		return nil, err
	}
	a := &applied{job: j, result: Result{Revision: s.st.revision, Events: events, Warnings: tx.warnings}}
	if t := j.request.Token; t != nil && !j.request.DryRun {
		a.token = &usedToken{key: t.key(), time: now, fingerprint: t.Fingerprint, revision: s.st.revision, events: events}
		tx.onUndo(s.tokens.add(a.token))
	}
	a.undo = tx.undo
	return a, nil
}

func (s *Store) begin() *Tx {
	tx := &Tx{View: View{s.st}, random: s.random}
	tx.onUndo(func() { tx.st.laid = laid{} })
	return tx
}

// run calls the closure and settles what it did. A panic becomes an error.
func (tx *Tx) run(change func(*Tx) error) (events []Event, err error) {
	defer recoverInto(&err)
	if err := change(tx); err != nil {
		return nil, err
	}
	if err := tx.problems.Err(); err != nil {
		return nil, err
	}
	if err := tx.settle(); err != nil {
		return nil, err
	}
	return tx.finish(), nil
}

// approve asks whether what changed may change.
func (tx *Tx) approve(ask func(*View, []Event) error, events []Event) (err error) {
	if ask == nil {
		return nil
	}
	defer recoverInto(&err)
	return ask(&tx.View, events)
}

// recoverInto is deferred: it makes an error of a panic.
func recoverInto(err *error) {
	if fault := recover(); fault != nil {
		*err = problem.Of(api.CodeInternal, "", "", "the change failed inside the gateway (%v at %s); nothing changed, please report it", fault, origin())
	}
}

// origin is the line of a stack that names where a panic came from.
func origin() string {
	stack := debug.Stack()
	if len(stack) > 1500 {
		stack = stack[:1500]
	}
	return fmt.Sprintf("%q", stack)
}

// dryRun makes a change, looks whether the data path would take it, and undoes it. It warns of all that
// the state would then have, of what the change leaves as it is too: whoever only asks wants to know.
func (s *Store) dryRun(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.apply(j)
	if err != nil {
		j.answer(Result{}, err)
		return
	}
	a.result.Warnings = withOthers(a.result.Warnings, s.st.warnings())
	_, err = s.st.compile()
	undoAll(a.undo)
	if err != nil {
		j.answer(Result{}, refusal(err))
		return
	}
	if !a.result.Replayed {
		a.result.Revision = s.st.revision
	}
	j.answer(a.result, nil)
}

// withOthers appends what is not said already.
func withOthers(warnings, others []ctl.Warning) []ctl.Warning {
	said := map[string]bool{}
	for _, w := range warnings {
		said[w.String()] = true
	}
	for _, w := range others {
		if !said[w.String()] {
			said[w.String()] = true
			warnings = append(warnings, w)
		}
	}
	return warnings
}

func refusal(err error) error {
	return problem.Of(api.CodeDataPathRefused, "", "", "the data path does not take the change (%v); nothing changed", err)
}

func refusedByDataPath(err error) bool { return codeOf(err) == api.CodeDataPathRefused }

func codeOf(err error) string {
	if e, ok := err.(*problem.Error); ok {
		return e.Code()
	}
	return ""
}

func (s *Store) startPublishing() error {
	if s.publisher == nil {
		s.started = true
		return nil
	}
	s.mu.Lock()
	prepared, err := s.prepare()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.started = true
	return s.publish(prepared)
}

// prepare compiles the state and hands it to the publisher. The caller holds mu.
func (s *Store) prepare() (ctl.Prepared, error) {
	began := s.pace.clock.now()
	snapshot, err := s.st.compile()
	if err != nil {
		return nil, refusal(err)
	}
	if s.publisher == nil {
		return nil, nil
	}
	prepared, err := s.publisher.Prepare(snapshot)
	s.took.Prepare.Note(s.pace.clock.now().Sub(began))
	if err != nil {
		return nil, refusal(err)
	}
	return prepared, nil
}
