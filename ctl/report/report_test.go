package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample() *Report {
	r := New()
	r.Ports["wire0"] = Port{Role: "wire", Peer: "wire1", RxPackets: 1234567, RxBytes: 987654321, Dropped: Counts{"tx_full": 3, "too_long": 12}}
	r.Ports["wire1"] = Port{Role: "wire", Peer: "wire0", TxPackets: 1234552, TxBytes: 987650000}
	r.Ports["tun0"] = Port{Role: "tunnel", TxPackets: 9, TxBytes: 900, CopiesPackets: 9, CopiesBytes: 900, Ignored: Counts{"not_ours": 1}}
	r.Sessions["all-tcp"] = Session{Number: 2, VNI: 200, Source: "web-1", Target: "zeek", Filter: "tcp"}
	r.Sessions["http"] = Session{Number: 1, VNI: 100, Source: "web-1", Target: "ids", Filter: "web",
		Ingress: Direction{MatchedPackets: 10, MatchedBytes: 1000, MirroredPackets: 9, MirroredBytes: 900, TruncatedPackets: 4, Skipped: Counts{"unresolved": 1}}}
	r.Sources["web-1"] = Source{Ingress: Traffic{Seen: 20, Matched: 10, Missed: 8, Excluded: Counts{"arp": 2}}}
	r.Rules["web"] = map[string]int64{"ingress 100": 10}
	return r
}

func TestKeys(t *testing.T) {
	var out bytes.Buffer
	if err := sample().Encode(&out); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	at := func(path ...string) any {
		var v any = got
		for _, key := range path {
			v = v.(map[string]any)[key]
		}
		return v
	}
	for _, test := range []struct {
		want any
		path []string
	}{
		{1234567.0, []string{"ports", "wire0", "rx_packets"}}, {987654321.0, []string{"ports", "wire0", "rx_bytes"}},
		{0.0, []string{"ports", "wire0", "tx_packets"}}, {0.0, []string{"ports", "wire0", "tx_bytes"}},
		{3.0, []string{"ports", "wire0", "dropped", "tx_full"}}, {map[string]any{}, []string{"ports", "wire1", "dropped"}},
		{10.0, []string{"sessions", "http", "ingress", "matched_packets"}}, {1000.0, []string{"sessions", "http", "ingress", "matched_bytes"}},
		{9.0, []string{"sessions", "http", "ingress", "mirrored_packets"}}, {900.0, []string{"sessions", "http", "ingress", "mirrored_bytes"}},
		{4.0, []string{"sessions", "http", "ingress", "truncated_packets"}}, {1.0, []string{"sessions", "http", "ingress", "skipped", "unresolved"}},
		{map[string]any{}, []string{"sessions", "http", "egress", "skipped"}},
		{0.0, []string{"ports", "wire0", "consumed"}}, {0.0, []string{"ports", "tun0", "originated_packets"}},
		{0.0, []string{"laws", "production"}}, {0.0, []string{"laws", "mirror"}},
		{2.0, []string{"sources", "web-1", "ingress", "excluded", "arp"}}, {10.0, []string{"rules", "web", "ingress 100"}},
		{9.0, []string{"ports", "tun0", "copies_packets"}}, {900.0, []string{"ports", "tun0", "copies_bytes"}},
		{1.0, []string{"ports", "tun0", "ignored", "not_ours"}}, {map[string]any{}, []string{"ports", "tun0", "unclassified"}},
		{map[string]any{}, []string{"ports", "tun0", "fragments"}}, {0.0, []string{"ports", "tun0", "partial_checksums"}},
	} {
		if diff := cmp.Diff(test.want, at(test.path...)); diff != "" {
			t.Errorf("%s: %s", strings.Join(test.path, "."), diff)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	for range 2 { // the second replaces the first
		if err := sample().Write(path); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(data, &got); err != nil || got.Ports["wire0"].RxPackets != 1234567 {
		t.Errorf("read back %+v, %v", got, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("temporary files are left: %v", entries)
	}
	err = sample().Write(filepath.Join(dir, "no", "report.json"))
	if err == nil || !strings.Contains(err.Error(), "give a path in a writable directory") {
		t.Errorf("no such directory: %v", err)
	}
	if err := sample().Write(dir); err == nil {
		t.Error("a directory was replaced by a report")
	}
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 1 {
		t.Errorf("temporary files are left after a failure: %v", entries)
	}
}

func TestPrint(t *testing.T) {
	var out strings.Builder
	if err := Print(&out, sample()); err != nil {
		t.Fatal(err)
	}
	want := `Ports
  PORT   ROLE           RX PACKETS     RX BYTES  TX PACKETS     TX BYTES  COPIES SENT  DROPPED
  ─────  ─────────────  ──────────  ───────────  ──────────  ───────────  ───────────  ──────────────────────
  wire0  wire to wire1   1,234,567  987,654,321           0            0            0  too_long 12, tx_full 3
  wire1  wire to wire0           0            0   1,234,552  987,650,000            0  -
  tun0   tunnel                  0            0           9          900            9  -

Sessions, the lowest number first
  #  SESSION  SOURCE  TARGET  VNI  DIRECTION  MATCHED  MIRRORED  BYTES  TRUNCATED  SKIPPED
  ─  ───────  ──────  ──────  ───  ─────────  ───────  ────────  ─────  ─────────  ────────────
  1  http     web-1   ids     100  ingress         10         9    900          4  unresolved 1
                                   egress           0         0      0          0  -
  2  all-tcp  web-1   zeek    200  ingress          0         0      0          0  -
                                   egress           0         0      0          0  -

Sources
  SOURCE  DIRECTION  SEEN  MATCHED  MISSED  TOO BUSY  NEVER MIRRORED
  ──────  ─────────  ────  ───────  ──────  ────────  ──────────────
  web-1   ingress      20       10       8         0  arp 2
          egress        0        0       0         0  -

Packets unaccounted for (must be 0)
  production 0   mirror 0
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("%s\n%s", diff, out.String())
	}
}

func TestPrintEmpty(t *testing.T) {
	var out strings.Builder
	if err := Print(&out, New()); err != nil {
		t.Fatal(err)
	}
	if want := "Packets unaccounted for (must be 0)\n  production 0   mirror 0\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) = %s", n, got)
		}
	}
}

func TestNatural(t *testing.T) {
	for _, pair := range [][2]string{{"wire2", "wire10"}, {"a", "b"}, {"a9", "b1"}, {"x01", "x1"}} {
		if natural(pair[0], pair[1]) >= 0 || natural(pair[1], pair[0]) <= 0 {
			t.Errorf("%q does not come before %q", pair[0], pair[1])
		}
	}
}

func TestSum(t *testing.T) {
	if got := (Counts{"a": 1, "b": 2}).Sum(); got != 3 {
		t.Errorf("Sum = %d", got)
	}
}
