package config

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// whole has every section, so that no key is of one that is not there.
const whole = good + `
[[route]]
prefix = "198.51.100.0/24"
via = "192.0.2.254"
[ctl]
[state]
[metrics]
listen = "127.0.0.1:9100"
socket = "/run/mirrorgw/metrics.sock"
[history]
[aws]
[console]
[iam]
[audit]
[bypass]
on_inline = ["/bin/true"]
on_bypass = ["/bin/true"]
heartbeat = ["/bin/true"]
`

// leaves calls visit with every value of a configuration that a key may be of.
func leaves(v reflect.Value, path string, visit func(path string, v reflect.Value)) {
	switch {
	case v.Type().Name() == "Addr" || v.Type().Name() == "Prefix" || v.Type().Name() == "AddrPort" || v.Kind() == reflect.Array:
		visit(path, v)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				leaves(v.Field(i), path+"."+f.Name, visit)
			}
		}
	case v.Kind() == reflect.Slice && v.Len() > 0:
		leaves(v.Index(0), path+"[]", visit)
	default:
		visit(path, v)
	}
}

// other changes a value to any other one.
func other(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Uint8, reflect.Uint32:
		v.SetUint(v.Uint() ^ 1)
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Array:
		other(t, path, v.Index(0))
	case reflect.Struct:
		v.SetZero()
	case reflect.Slice: // an empty one
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	default:
		t.Fatalf("%s is of kind %v, which this test does not know", path, v.Kind())
	}
}

// TestEveryFieldHasAKey: whatever field of the configuration is changed, a difference tells of it, and
// a reload takes it over just when its key says so.
func TestEveryFieldHasAKey(t *testing.T) {
	derived := regexp.MustCompile(`^\.File$|Device\.(Name|Driver|Args)`) // from the text of the device; not of the document
	count := 0
	leaves(reflect.ValueOf(parse(t, whole)).Elem(), "", func(path string, _ reflect.Value) {
		if derived.MatchString(path) {
			return
		}
		count++
		running, fresh := parse(t, whole), parse(t, whole)
		leaves(reflect.ValueOf(fresh).Elem(), "", func(at string, v reflect.Value) {
			if at == path {
				other(t, at, v)
			}
		})
		differences := running.Differences(fresh)
		if len(differences) != 1 {
			t.Errorf("%s: %v", path, differences)
			return
		}
		running.TakeOver(fresh)
		if after := running.Differences(fresh); (len(after) == 0) != differences[0].Reloads {
			t.Errorf("%s: reloads %v, and after that %v", path, differences[0].Reloads, after)
		}
	})
	if count < 60 {
		t.Errorf("only %d fields were looked at", count)
	}
}

// TestKeysAreThoseOfTheFile: every key of the table is one that is read.
func TestKeysAreThoseOfTheFile(t *testing.T) {
	for _, k := range Keys() {
		line := k.Name + " = {}\n" // of no key's kind
		header := "[" + k.Section + "]\n"
		if k.repeated() {
			header = "[" + header[:len(header)-1] + "]\n"
		}
		if k.Section == "" {
			header = ""
		}
		_, err := Parse("gateway.toml", []byte(header+line))
		if err == nil || strings.Contains(err.Error(), "unknown key") || strings.Contains(err.Error(), "did you mean") {
			t.Errorf("%s: %v", k.String(), err)
		}
	}
}

func TestDifferences(t *testing.T) {
	running := parse(t, good)
	for _, c := range []struct {
		old, new string
		want     []string
	}{
		{"[eal]", "[quotas]\nsessions_per_source = 7\n[eal]", []string{"[quotas] sessions_per_source: 3 -> 7"}},
		{"memory_mb = 512", "main_lcore = 3", []string{"[eal] main_lcore: lowest free CPU -> 3"}},
		{"[eal]", "[history]\n[eal]", []string{"[history]: not there -> there"}},
		{"[eal]", "[exclude]\nntp = false\n[log]\nformat = \"json\"\n[eal]", []string{"[exclude] ntp: true -> false", "[log] format: text -> json"}},
		{`name = "tun0"`, `name = "tun1"`, []string{"[[port]] name: wire0, wire1, tun0 -> wire0, wire1, tun1"}},
		{`peer = "wire1"`, "peer = \"wire1\"\nmtu = 1400", []string{"[[port]] wire0: mtu: driver's -> 1400"}},
		{"[eal]", "dns_resolvers = []\n[eal]", []string{"dns_resolvers: 169.254.169.253, fd00:ec2::253 -> none"}},
	} {
		var got []string
		for _, d := range running.Differences(parse(t, change(t, good, c.old, c.new))) {
			got = append(got, d.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.new, got, c.want)
		}
	}
}

// TestReloadPlan: each key is in it.
func TestReloadPlan(t *testing.T) {
	plan := strings.Join(ReloadPlan(), "\n")
	for _, k := range Keys() {
		if !strings.Contains(plan, k.Name) && !strings.Contains(plan, "["+k.Section+"]") {
			t.Errorf("the plan lacks %s:\n%s", k.String(), plan)
		}
	}
	for _, want := range []string{"[quotas] sessions_per_account", "\ndns_resolvers", "a restart is needed for: [eal]; [port]", "[aws] listen, tls_certificate"} {
		if !strings.Contains("\n"+plan, want) {
			t.Errorf("the plan lacks %q:\n%s", want, plan)
		}
	}
}
