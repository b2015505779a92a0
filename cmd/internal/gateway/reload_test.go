package gateway

import (
	"context"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

const oneKey = "[[key]]\nid = \"AKID\"\nsecret = \"0123456789abcdef\"\n"

// TestReloadIsAllOrNothing: whichever part of a reload is no good, none of it is used, and it is told.
func TestReloadIsAllOrNothing(t *testing.T) {
	a := newAWSLife(t)
	listen := a.cfg.AWS.Listen.String()
	changed := a.text(listen, "requests_per_second = 7\n[log]\nlevel = \"debug\"\n[quotas]\nfilters_per_account = 1\n")
	for _, c := range []struct{ gateway, keys, want string }{
		{changed, "[[keys]]", "did you mean \"key\""},
		{"[eall]\n", oneKey, "did you mean \"eal\""},
		{strings.Replace(changed, "= 7", "= -7", 1), oneKey, "requests_per_second"},
	} {
		a.write("gateway.toml", c.gateway)
		a.write("keys.toml", c.keys)
		a.log.Reset()
		result := a.again.Reload(context.Background(), false)
		if len(result.Failures) == 0 || result.Changed != nil || !strings.Contains(strings.Join(result.Failures, "\n"), c.want) {
			t.Errorf("%q: %+v", c.want, result)
		}
		if word := strings.Trim(c.want[strings.LastIndexByte(c.want, 32)+1:], "\""); !strings.Contains(a.log.String(), word) {
			t.Errorf("the log lacks %q:\n%s", c.want, a.log.String())
		}
		if n := a.aws.keys.Len(); n != 0 || a.o.Level.Level() != 0 {
			t.Errorf("%q: %d keys, level %v", c.want, n, a.o.Level.Level())
		}
		if err := a.putFilters("a", "b"); err != nil {
			t.Errorf("%q: quotas are used: %v", c.want, err)
		}
		if state := a.again.Configuration(); state.Last == nil || !reflect.DeepEqual(state.Last.Failures, result.Failures) || state.Failed != state.Reloads || state.LogLevel != "info" {
			t.Errorf("%q: told %+v", c.want, state)
		}
	}
	if a.again.Configuration().Failed != 3 {
		t.Errorf("%+v", a.again.Configuration())
	}
}

// putFilters makes the filters of the default account just these.
func (a *awsLife) putFilters(names ...string) error {
	_, err := a.loaded.store.Change(context.Background(), store.Request{}, func(tx *store.Tx) error {
		for _, f := range tx.Filters() {
			if err := tx.Delete(store.KindFilter, f.ID); err != nil {
				return err
			}
		}
		for _, name := range names {
			if err := tx.PutFilter(&ctl.Filter{Common: ctl.Common{Name: name}}); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// TestReloadTells: what is taken over, what needs a restart, and what existing resources are above; a dry
// run tells the same and changes nothing.
func TestReloadTells(t *testing.T) {
	a := newAWSLife(t)
	if err := a.putFilters("a", "b"); err != nil {
		t.Fatal(err)
	}
	listen := a.cfg.AWS.Listen.String()
	a.write("gateway.toml", strings.Replace(a.text(listen, "region = \"other-1\"\n[quotas]\nfilters_per_account = 1\n[exclude]\nntp = false\n[history]\ndays = 3\n"),
		`lcores = "1"`, "lcores = \"1\"\nmemory_mb = 600", 1))
	a.write("keys.toml", oneKey)
	want := ctl.Reload{
		Changed:       []string{"[exclude] ntp: true -> false", "[quotas] filters_per_account: 10000 -> 1"},
		RestartNeeded: []string{"[eal] memory_mb: 512 -> 600", "[aws] region: local-1 -> other-1", "[history]: not there -> there"},
		Read:          []string{filepath.Join(a.dir, "keys.toml")},
		Notes:         []string{"[quotas] filters_per_account = 1 is below what account 000000000000 has (2); what exists stays, new ones are refused"},
	}
	for _, dryRun := range []bool{true, false} {
		got := a.again.Reload(context.Background(), dryRun)
		got.Time, got.DryRun = want.Time, false
		if !reflect.DeepEqual(got, want) {
			t.Errorf("dry run %v:\n%+v\nwant\n%+v", dryRun, got, want)
		}
		if n := a.aws.keys.Len(); (n == 0) != dryRun || (a.again.Configuration().Reloads == 0) != dryRun {
			t.Errorf("dry run %v: %d keys, %+v", dryRun, n, a.again.Configuration())
		}
	}
	if state := a.again.Configuration(); !slices.Equal(state.RestartNeeded, want.RestartNeeded) || state.Failed != 0 {
		t.Errorf("%+v", state)
	}
	again := a.again.Reload(context.Background(), false)
	if len(again.Changed) != 0 || len(again.RestartNeeded) != 3 {
		t.Errorf("a second time: %+v", again)
	}
	a.write("gateway.toml", a.text(listen, ""))
	if back := a.again.Reload(context.Background(), false); len(back.Changed) != 2 || len(back.RestartNeeded) != 0 || len(a.again.Configuration().RestartNeeded) != 0 {
		t.Errorf("back: %+v", back)
	}
}

// TestLogLevel: it holds until the next reload.
func TestLogLevel(t *testing.T) {
	a := newAWSLife(t)
	if err := a.again.SetLogLevel("error"); err != nil || a.again.Configuration().LogLevel != "error" {
		t.Errorf("%v, %+v", err, a.again.Configuration())
	}
	if err := a.again.SetLogLevel("loud"); err == nil {
		t.Error("there is no level loud")
	}
	if a.again.onSignal(); a.again.Configuration().LogLevel != "info" {
		t.Errorf("after a reload: %+v", a.again.Configuration())
	}
}

// TestReloadWithoutItsClient: who asked for a reload goes while it is put into force. It is carried out, not
// left half done.
func TestReloadWithoutItsClient(t *testing.T) {
	a := newAWSLife(t)
	a.write("gateway.toml", a.text(a.cfg.AWS.Listen.String(), "[exclude]\nntp = false\n[quotas]\nfilters_per_account = 1\n"))
	var result ctl.Reload
	p, err := a.again.prepare(&result)
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(context.Background())
	undone := false
	p.useDirectory = func() func() { leave(); return func() { undone = true } }
	if err := p.commit(ctx, &result); err != nil || undone {
		t.Errorf("%v, undone %v", err, undone)
	}
	if err := a.putFilters("a", "b"); err == nil {
		t.Error("the quotas are not those that were read")
	}
}
