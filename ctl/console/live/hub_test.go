package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mirrorgw/ctl/report"
)

func (s *told) want(t *testing.T, want map[string]any) {
	t.Helper()
	for name, v := range want {
		if got := s.Values[name]; got != v {
			t.Errorf("%s of %s is %v; want %v", name, s.Topic, got, v)
		}
	}
}

func TestRates(t *testing.T) {
	w := newWorld(t, nil)
	w.serve(nil)
	w.count(1e6, 1e6, 0) // what was counted before is no rate
	r := w.open("/overview")
	var sample told
	w.second(500, 200)
	r.next("sample", &sample)
	sample.want(t, map[string]any{"port.wire0.rx.frames": 500.0, "port.wire0.rx.bits": 400000.0, "port.wire1.tx.frames": 500.0, "total.frames": 500.0,
		"total.copies": 200.0, "sessions.copies": 400.0, "sessions.bits": 320000.0, "sessions.counting": 2.0, "gateway.forwarding": true, "gateway.generation": 3.0,
		"law.production": 0.0, "port.tun0.link": "up", "lcore.1.state": "runs", "lcore.1.congestion": "calm", "resources.sessions": 2.0})
	w.mu.Lock()
	w.skipped["congestion"], w.dropped["tx_full"] = 5, 3
	w.mu.Unlock()
	w.second(0, 20)
	r.next("sample", &sample)
	sample.want(t, map[string]any{"total.frames": 0.0, "total.drops": 3.0, "sessions.skips": 10.0})
	if got := fmt.Sprint(sample.Lists["skips"], sample.Lists["drops"]); got != "[map[key:congestion rate:10 total:10]] [map[by:gateway key:wire0 tx_full port:wire0 rate:3 reason:tx_full total:3]]" {
		t.Errorf("lists: %s", got)
	}
	if got := fmt.Sprint(sample.Lists["busiest"][0]); got != "map[bits:12000 copies:15 key:tms-00000000000000001 name:one path:/sessions/tms-00000000000000001 skips:5 source:web-1 target:ids]" {
		t.Errorf("the busiest: %s", got)
	}
}

func TestDetails(t *testing.T) {
	w := newWorld(t, nil)
	w.serve(nil)
	readers := map[string]*reader{}
	for _, topic := range []string{sessionOne, "tmf-00000000000000001", "tmt-00000000000000001", "eni-00000000000000001"} {
		readers[topic] = w.open("/" + topic)
	}
	w.viewers(4)
	w.second(1000, 100) // rules and sources may have been looked at for the first time just now
	w.second(1000, 100)
	for topic, want := range map[string]map[string]any{
		sessionOne:              {"ingress.copies": 100.0, "copies": 100.0, "bits": 80000.0, "rule.ingress.100.hits": 100.0, "rule.ingress.100.total": 200.0, "ingress.matched.total": 200.0},
		"tmf-00000000000000001": {"rule.ingress.100.hits": 100.0, "sessions.copies": 100.0, "sessions.counting": 1.0},
		"tmt-00000000000000001": {"sessions.copies": 100.0, "kind": "target"},
		"eni-00000000000000001": {"ingress.seen": 200.0, "ingress.matched": 100.0, "ingress.missed.total": 200.0, "sessions.copies": 100.0},
	} {
		for sample := (told{}); ; {
			readers[topic].next("sample", &sample)
			if sample.Time == noon.Add(2*time.Second).UnixMilli() {
				sample.want(t, want)
				break
			}
		}
	}
}

// TestScopes: who sees one account is told of nothing else.
func TestScopes(t *testing.T) {
	w := newWorld(t, nil)
	w.serve(nil)
	for path, want := range map[string]int{"/theirs/" + sessionOne: 404, "/theirs/" + sessionTwo: 200, "/nothing": 404, "/theirs/overview": 200} {
		ctx, cancel := context.WithCancel(context.Background())
		request, _ := http.NewRequestWithContext(ctx, "GET", w.server.URL+path, nil)
		answer, err := http.DefaultClient.Do(request)
		if err != nil || answer.StatusCode != want {
			t.Errorf("%s: %v %v; want %d", path, answer.StatusCode, err, want)
		}
		cancel()
	}
	w.viewers(0)
	theirs, ours := w.open("/theirs/overview"), w.open("/overview")
	w.second(0, 100)
	var sample told
	theirs.next("sample", &sample)
	sample.want(t, map[string]any{"sessions.copies": 100.0, "sessions.counting": 1.0})
	for name := range sample.Values {
		if !strings.HasPrefix(name, "sessions.") && !strings.HasPrefix(name, "targets.") {
			t.Errorf("they are told %s", name)
		}
	}
	w.apply(sessionText("three", 3))
	w.apply("[[target]]\nname = \"another\"\naddress = \"192.0.2.7\"\naccount = \"111111111111\"\n")
	var told changes
	theirs.next("change", &told)
	if len(told.Changes) == 0 || told.Changes[0].Name != "another" || told.Changes[0].By != "the gateway" {
		t.Errorf("they are told of %+v", told.Changes)
	}
	ours.next("change", &told)
	if len(told.Changes) == 0 || told.Changes[0].Name != "three" || told.Changes[0].Kind != "session" || told.Changes[0].Action != "create" {
		t.Errorf("we are told of %+v", told.Changes)
	}
}

// TestComeBack: a viewer that was away gets the changes that it missed, or is told that it cannot.
func TestComeBack(t *testing.T) {
	w := newWorld(t, nil)
	w.serve(nil)
	r := w.open("/overview")
	var greeting hello
	id := r.next("hello", &greeting).id
	if greeting.Instance != w.hub.Instance() || greeting.Restarted || id != fmt.Sprintf("%s.%d", greeting.Instance, greeting.Revision) {
		t.Errorf("the greeting is %+v with ID %q", greeting, id)
	}
	if got := <-r.retry; got != "2000" {
		t.Errorf("retry is %s", got)
	}
	r.close()
	w.viewers(0)
	w.apply(sessionText("three", 3))
	var missed changes
	w.open("/overview", "Last-Event-ID", id).next("change", &missed)
	if len(missed.Changes) != 1 || missed.Changes[0].Name != "three" {
		t.Errorf("missed %+v", missed.Changes)
	}
	w.open("/overview?since="+id).next("change", &missed)
	w.open("/overview", "Last-Event-ID", "ffffffffffff.3").next("hello", &greeting)
	if !greeting.Restarted {
		t.Error("the viewer is not told that the gateway was restarted")
	}
	for i := range 1100 {
		w.apply(fmt.Sprintf("[[target]]\nname = \"t\"\naddress = \"192.0.2.7\"\ndescription = \"%d\"\n", i))
	}
	w.open("/overview", "Last-Event-ID", id).next("lost", nil)
	w.open("/overview", "Last-Event-ID", greeting.Instance+".99999999").next("lost", nil)
}

// TestMany: what it costs to tell a hundred viewers is encoded once.
func TestMany(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxOfOne = 1000 })
	w.serve(nil)
	var all []*reader
	for range 100 {
		all = append(all, w.open("/overview"))
	}
	w.viewers(100)
	before := w.hub.Counts()
	var done sync.WaitGroup
	for range 5 {
		w.second(10, 10)
	}
	for _, r := range all {
		done.Add(1)
		go func() {
			defer done.Done()
			for sample := (told{}); sample.Time < noon.Add(5*time.Second).UnixMilli(); {
				r.next("sample", &sample)
			}
		}()
	}
	done.Wait()
	after := w.hub.Counts()
	if n := after.Encoded - before.Encoded; n != 5 {
		t.Errorf("%d messages were encoded for 5 looks", n)
	}
	if n := after.Sent - before.Sent; n != 500 {
		t.Errorf("%d messages were sent", n)
	}
	for _, r := range all {
		r.close()
	}
	w.viewers(0)
}

// TestSlow: a viewer that does not read keeps nobody waiting and costs a bounded mailbox.
func TestSlow(t *testing.T) {
	w := newWorld(t, nil)
	slow, err := w.hub.join(&Viewer{User: "slow", Scope: Everything(), Topics: []string{Overview}})
	if err != nil {
		t.Fatal(err)
	}
	w.serve(nil)
	quick := w.open("/overview")
	w.viewers(2)
	for range 100 {
		w.second(1, 1)
	}
	for i := range 3 * maxChanges {
		w.apply(fmt.Sprintf("[[target]]\nname = \"t\"\naddress = \"192.0.2.7\"\ndescription = \"%d\"\n", i))
		quick.next("change", nil)
	}
	frames, lost := slow.take()
	if !lost || len(frames) != 1 || !strings.Contains(string(frames[0].text), fmt.Sprint(noon.Add(100*time.Second).UnixMilli())) {
		t.Errorf("the mailbox has %d messages, lost %v: %s", len(frames), lost, frames[0].text)
	}
	if c := w.hub.Counts(); c.Missed < 99 || c.Lost == 0 {
		t.Errorf("counted %+v", c)
	}
	if frames, lost := slow.take(); lost || len(frames) != 0 {
		t.Errorf("a mailbox that was emptied has %d messages", len(frames))
	}
}

// TestRest: without viewers nothing is looked at.
func TestRest(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Linger = 3 * time.Second })
	w.serve(nil)
	for range 2 {
		r := w.open("/overview")
		w.second(1, 1)
		r.next("sample", nil)
		r.close()
		w.viewers(0)
		for range 3 {
			w.second(1, 1)
		}
		for end := time.Now().Add(10 * time.Second); ; {
			w.hub.mu.Lock()
			running, groups := w.hub.running, len(w.hub.groups)
			w.hub.mu.Unlock()
			if !running && groups == 0 {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the hub does not rest")
			}
		}
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxViewers, o.MaxOfOne = 3, 2 })
	join := func(user string, topics ...string) error {
		_, err := w.hub.join(&Viewer{User: user, Scope: Everything(), Topics: topics})
		return err
	}
	for i, c := range []struct {
		user   string
		topics []string
		want   error
	}{
		{"a", nil, nil}, {"a", []string{Overview, Overview}, nil}, {"a", nil, ErrFull}, {"b", []string{"nothing"}, ErrTopic}, {"b", nil, nil}, {"c", nil, ErrFull},
		{"b", strings.Split("1 2 3 4 5 6 7 8 9", " "), ErrTopic},
	} {
		if err := join(c.user, c.topics...); !errors.Is(err, c.want) {
			t.Errorf("%d: %v; want %v", i, err, c.want)
		}
	}
	w.serve(nil)
	answer, err := http.Get(w.server.URL + "/overview")
	if err != nil || answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("one too many gets %v %v", answer, err)
	}
	w.hub.Close()
	if err := join("z"); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// TestEnds: a log-in that ends, and a gateway that does, say so.
func TestEnds(t *testing.T) {
	w := newWorld(t, nil)
	var loggedIn atomic.Bool
	loggedIn.Store(true)
	w.serve(loggedIn.Load)
	r := w.open("/overview")
	w.second(1, 1)
	r.next("sample", nil)
	loggedIn.Store(false)
	w.second(1, 1)
	if m := r.next("bye", nil); m.data != `{"reason":"log-in"}` {
		t.Errorf("the last word is %s", m.data)
	}
	w.viewers(0)
	loggedIn.Store(true)
	r = w.open("/overview")
	w.viewers(1)
	w.hub.Close()
	if m := r.next("bye", nil); m.data != `{"reason":"shutting-down"}` {
		t.Errorf("the last word is %s", m.data)
	}
}

// TestHeartbeat: a stream on which nothing happens gives signs of life.
func TestHeartbeat(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Heartbeat = time.Millisecond })
	w.serve(nil)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, "GET", w.server.URL+"/overview", nil)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for b := make([]byte, 1000); !strings.Contains(text, "\n\n:\n\n:\n\n"); {
		n, err := answer.Body.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		text += string(b[:n])
	}
}

// TestCostlySessions: where looking at sessions takes long, it is done less often; ports are not left alone.
func TestCostlySessions(t *testing.T) {
	w := newWorld(t, nil)
	looks := map[report.Kinds]int{}
	w.hub.Report = func(kinds report.Kinds) *report.Report {
		looks[kinds]++
		if kinds.Has(report.Sessions) {
			w.clock.pass(100 * time.Millisecond)
		}
		return w.report(kinds)
	}
	m := newMeter(&w.hub.Options)
	for range 50 {
		w.clock.pass(time.Second)
		m.look(report.Sessions)
	}
	if ports, sessions := looks[report.Ports|report.Law], looks[report.Sessions]; ports != 50 || sessions > 12 || sessions < 8 {
		t.Errorf("%d looks at ports, %d at sessions", ports, sessions)
	}
}

// TestPast is what a page begins with, without a stream.
func TestPast(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Remembrance = 3 * time.Second })
	type answer struct {
		sample  *Sample
		moments []Moment
		err     error
	}
	answers := make(chan answer, 1)
	ask := func() {
		s, m, err := w.hub.Past(context.Background(), Everything(), Overview)
		answers <- answer{s, m, err}
	}
	go ask()
	w.second(500, 1)
	first := <-answers
	if first.err != nil || first.sample.Number("total.frames") != 500 || first.sample.Word("lcore.1.state") != "runs" || len(first.moments) != 1 {
		t.Fatalf("the first answer is %+v", first)
	}
	for i := range 5 {
		w.second(int64(100*i), 1)
	}
	<-w.clock.waits
	ask()
	last := <-answers
	if len(last.moments) != 3 || last.moments[0].Values["total.frames"] != 200 || !last.moments[2].From.Equal(noon.Add(5*time.Second)) {
		t.Errorf("the last moments are %+v", last.moments)
	}
	if _, _, err := w.hub.Past(context.Background(), theirScope(), sessionOne); !errors.Is(err, ErrTopic) {
		t.Errorf("of a session that is not seen: %v", err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if s, _, err := w.hub.Past(context.Background(), Everything(), sessionTwo); err != nil || s.Word("kind") != "session" {
		t.Errorf("a topic that nobody watched before is %v %v", s, err)
	}
	if _, _, err := newWorld(t, nil).hub.Past(cancelled, Everything(), Overview); !errors.Is(err, context.Canceled) {
		t.Errorf("of one who has gone: %v", err)
	}
}
