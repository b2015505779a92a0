package store

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mirrorgw/ctl"
	"mirrorgw/rules"
)

// world is a store under test beside a naive model of it: a document that is edited by hand and
// judged from scratch.
type world struct {
	*rapid.T
	options Options
	store   *Store
	path    *path
	memory  *memory
	model   *ctl.Document
	replay  map[string]any // what the events say, by ID
	seen    uint64
}

// accepted and refused count what the drawn changes met, over all runs of the property.
var accepted, refused int

// TestAgainstModel draws sequences of changes. A change is accepted if and only if the document
// that it leads to is accepted by an empty store; a refused change leaves no trace; and after each
// one the state, its indexes, what is published, what is exported, what was saved and what the
// events tell are those that the document leads to from scratch.
func TestAgainstModel(t *testing.T) {
	accepted, refused = 0, 0
	config := cfg(t, gateway+"[quotas]\nsources_per_target = 2\nsessions_per_source = 2\nrules_per_filter = 4\ntargets_per_account = 5\n")
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{T: rt, path: &path{}, memory: newMemory(), model: &ctl.Document{}, replay: map[string]any{}}
		w.options = Options{Config: config, Publisher: w.path, Persistence: w.memory}
		w.store = open(t, w.options)
		defer w.store.Close()
		for range rapid.IntRange(5, 25).Draw(rt, "changes") {
			w.step()
		}
	})
	t.Logf("%d changes accepted, %d refused", accepted, refused)
	if accepted < 100 || refused < 100 {
		t.Error("too few changes were accepted or refused to say anything")
	}
}

// step makes one drawn change on both.
func (w *world) step() {
	same := *w.model
	after := &same
	var calls []func(*Tx) error
	var says []string
	for range rapid.IntRange(1, 3).Draw(w.T, "calls") {
		call, said := w.drawCall(after)
		calls, says = append(calls, call), append(says, said)
		if strings.HasPrefix(said, "reconcile") {
			break // what comes later could repair a document that is refused by itself
		}
	}
	_, want := Check(after, w.options.Config)
	before, revision := dump(w.store.st), w.store.st.revision
	dryRun := rapid.IntRange(0, 4).Draw(w.T, "dry run") == 0
	change := func(tx *Tx) error {
		for _, call := range calls {
			if err := call(tx); err != nil {
				return err
			}
		}
		return nil
	}
	if dryRun {
		_, err := w.store.Change(context.Background(), Request{DryRun: true}, change)
		w.sameVerdict(says, err, want)
		if got := dump(w.store.st); got != before {
			w.Fatalf("a dry run left a trace\n%s", cmp.Diff(before, got))
		}
		return // its records are used up
	}
	result, err := w.store.Change(context.Background(), Request{}, change)
	w.sameVerdict(says, err, want)
	if err != nil {
		refused++
		if got := dump(w.store.st); got != before || w.store.st.revision != revision {
			w.Fatalf("a refused change left a trace (%v)\n%s", err, cmp.Diff(before, got))
		}
		return
	}
	accepted++
	if (result.Revision != revision) != (len(result.Events) > 0) {
		w.Fatalf("revision %d after %d with %d events", result.Revision, revision, len(result.Events))
	}
	w.model = after
	w.verify()
	w.store.Read(func(v *View) { // the same, with IDs for names
		w.model = cloneDocument(&ctl.Document{Interfaces: v.Interfaces(), Targets: v.Targets(), Filters: v.Filters(),
			Sessions: v.Sessions(), LoadBalancers: v.LoadBalancers()})
	})
}

func (w *world) sameVerdict(says []string, got, want error) {
	if (got == nil) != (want == nil) {
		w.Fatalf("%s\nthe store says    %v\nfrom scratch it is %v", strings.Join(says, "\n"), got, want)
	}
}

// verify compares everything that the store tells with the model.
func (w *world) verify() {
	export := w.store.Export()
	if diff := cmp.Diff(byID(w.model), byID(export)); diff != "" {
		w.Fatalf("export: %s", diff)
	}
	scratch, err := Open(Options{Config: w.options.Config})
	if err != nil {
		w.Fatal(err)
	}
	defer scratch.Close()
	text := encoded(export)
	doc, err := ctl.ParseDocument("export", []byte(text))
	if err != nil {
		w.Fatalf("the export cannot be read: %v\n%s", err, text)
	}
	if _, err := scratch.Change(context.Background(), Request{}, func(tx *Tx) error { return tx.Reconcile(doc, false) }); err != nil {
		w.Fatalf("the export cannot be applied: %v\n%s", err, text)
	}
	if got := encoded(scratch.Export()); got != text {
		w.Fatalf("the export of an export differs: %s", cmp.Diff(text, got))
	}
	if diff := cmp.Diff(dump(scratch.st), dump(w.store.st)); diff != "" {
		w.Fatalf("the state is not the one from scratch: %s", diff)
	}
	snapshot, err := rules.Compile(scratch.st.resources())
	if err != nil {
		w.Fatal(err)
	}
	if diff := cmp.Diff(normal(snapshot), normal(w.path.snapshot())); diff != "" {
		w.Fatalf("in force is another snapshot: %s", diff)
	}
	again, err := Open(Options{Config: w.options.Config, Persistence: w.memory})
	if err != nil {
		w.Fatalf("what was saved does not load: %v", err)
	}
	defer again.Close()
	if diff := cmp.Diff(dump(w.store.st), dump(again.st)); diff != "" {
		w.Fatalf("saved is another state: %s", diff)
	}
	w.replayEvents()
}

// replayEvents applies the new events to what the events told before.
func (w *world) replayEvents() {
	events, err := w.store.Events(w.seen, 0)
	if err != nil {
		w.Fatal(err)
	}
	for _, e := range events {
		if e.Before != nil && recordText(w.replay[e.ID]) != recordText(e.Before) {
			w.Fatalf("event %+v: before is not what was", e)
		}
		if (e.Before == nil) != (e.Action == ActionCreate) || (e.After == nil) != (e.Action == ActionDelete) || e.Revision <= w.seen {
			w.Fatalf("event %+v contradicts itself", e)
		}
		if delete(w.replay, e.ID); e.After != nil {
			w.replay[e.ID] = e.After
		}
	}
	w.store.Read(func(v *View) {
		w.seen = v.Revision()
		counts := v.Counts()
		total := counts.Interfaces + counts.Targets + counts.Filters + counts.Rules + counts.Sessions + counts.LoadBalancers
		if total != len(w.replay) {
			w.Fatalf("%d resources and the events tell of %d", total, len(w.replay))
		}
		for id, want := range w.replay {
			_, got, ok := v.Find(id)
			if f, isFilter := got.(*ctl.Filter); isFilter {
				got = bare(f)
			}
			if !ok || recordText(got) != recordText(want) {
				w.Fatalf("events tell of %s, there is %s", recordText(want), recordText(got))
			}
		}
	})
}

func recordText(record any) string {
	if r, ok := record.(*RuleRecord); ok {
		return r.FilterID + text(r.Rule)
	}
	return text(record)
}

// byID is a document as lines that do not depend on its order or on how it refers.
func byID(d *ctl.Document) []string {
	names := map[string]string{}
	for _, i := range d.Interfaces {
		names[i.Name] = i.ID
	}
	for _, b := range d.LoadBalancers {
		names[b.Name] = b.ID
	}
	for _, t := range d.Targets {
		names[t.Name] = t.ID
	}
	for _, f := range d.Filters {
		names[f.Name] = f.ID
	}
	ref := func(r string) string {
		if id, ok := names[r]; ok {
			return id
		}
		return r
	}
	d = cloneDocument(d)
	var lines []string
	for _, i := range d.Interfaces {
		i.Normalize()
		lines = append(lines, text(i))
	}
	for _, b := range d.LoadBalancers {
		lines = append(lines, text(b))
	}
	for _, t := range d.Targets {
		t.Interface, t.LoadBalancer = ref(t.Interface), ref(t.LoadBalancer)
		lines = append(lines, text(t))
	}
	for _, f := range d.Filters {
		f.Normalize()
		lines = append(lines, text(f))
		for _, r := range f.Rules {
			lines = append(lines, f.ID+text(r))
		}
	}
	for _, s := range d.Sessions {
		s.Source, s.Target, s.Filter = ref(s.Source), ref(s.Target), ref(s.Filter)
		lines = append(lines, text(s))
	}
	slices.Sort(lines)
	return lines
}

// normal is a snapshot as text.
func normal(s *rules.Snapshot) []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	add("%+v %+v %v", s.Ports, s.Exclude, s.Resolvers)
	for _, source := range s.Sources {
		add("source %+v", source)
	}
	for _, t := range s.Targets {
		add("target %s", placedText(t))
	}
	for _, f := range s.Filters {
		add("filter %s %s %v", f.ID, f.Name, f.AmazonDNS)
		for d := range f.Rules {
			for _, r := range f.Rules[d] {
				add("rule %s", text(&ctl.Rule{Rule: r}))
			}
		}
	}
	for _, session := range s.Sessions {
		add("session %+v", session)
	}
	return lines
}

var zeekAddress = mustAddr("192.0.2.10")

func mustAddr(text string) netip.Addr { return netip.MustParseAddr(text) }
