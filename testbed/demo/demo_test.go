package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"mirrorgw/testbed/daemon"
	"mirrorgw/testbed/traffic"
)

func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }

// TestDemo runs the demo as make demo does and reads what it prints.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	if err := layOut(dir); err != nil {
		t.Fatal(err)
	}
	result := daemon.Run(t, dir, "--config", "gateway.toml", "--apply", "resources.toml",
		"--until-idle", "500ms", "--report", "report.json")
	if result.ExitCode != 0 {
		t.Fatalf("exit code %d:\n%s", result.ExitCode, result.Stderr)
	}
	var text bytes.Buffer
	if err := summarize(&text, dir); err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	for _, want := range []string{"web-http", "web-tcp", "dev-udp-ipv6", whyARP, whyDHCP, whyMetadata, whyNTP, whyDNS, "identical"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the summary does not mention %q:\n%s", want, text.String())
		}
	}
	checkSessions(t, dir)
}

// checkSessions holds the report against the copies in mirror.pcap, session by session.
func checkSessions(t *testing.T, dir string) {
	t.Helper()
	o, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range o.sessions {
		r := o.report.Sessions[s.Name]
		reported := r.Ingress.MirroredPackets + r.Egress.MirroredPackets
		if got := len(o.of(s)); got == 0 || uint64(got) != reported {
			t.Errorf("session %s: %d copies, %d reported", s.Name, got, reported)
		}
		for i, m := range o.of(s) {
			if s.PacketLength > 0 && len(m.inner) > s.PacketLength {
				t.Errorf("session %s, copy %d has %d bytes, packet length is %d", s.Name, i+1, len(m.inner), s.PacketLength)
			}
		}
	}
}

func TestLayOutRemovesOldResults(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/report.json", []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir + "/report.json"); !os.IsNotExist(err) {
		t.Errorf("report.json of an earlier run is still there (%v)", err)
	}
	if err := run(dir, true); err == nil {
		t.Error("a summary without a run is no error")
	}
}

func TestReasons(t *testing.T) {
	web := traffic.NewHost("web", "02:00:00:00:00:01", "10.0.0.5")
	other := traffic.NewHost("other", "02:00:00:00:00:02", "169.254.169.254")
	dns := traffic.NewHost("dns", "02:00:00:00:00:02", "169.254.169.253")
	plain := traffic.From(web).To(traffic.NewHost("x", "02:00:00:00:00:02", "10.0.0.9"))
	for want, frame := range map[string][]byte{
		whyARP: traffic.ARPRequest(web, other), whyDHCP: traffic.DHCPDiscover(web), whyNotIP: traffic.LLDP(web),
		whyMetadata: traffic.From(web).To(other).TCP(1, 80).Frame(),
		whyDNS:      traffic.From(web).To(dns).UDP(4000, 53).Payload(traffic.DNSQuery("a.b")).Frame(),
		whyNTP:      plain.UDP(123, 123).Payload(traffic.NTPRequest()).Frame(),
		whyNoMatch:  plain.TCP(1, 2).Frame(),
		whyBroken:   traffic.WithIHL(plain.TCP(1, 2).Frame(), 3),
	} {
		if got := reason(frame); got != want {
			t.Errorf("%q is told as %q", want, got)
		}
	}
}
