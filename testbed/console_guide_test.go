package testbed

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"mirrorgw/testbed/browser"
)

// TestConsoleGuide: a newcomer does "Get started" and the second example of the AWS guide by the console's guide
// alone, asks the console what becomes of every kind of packet, and captures some, while numbered frames
// pass; every frame and copy is accounted for, and agrees with what the pages say.
func TestConsoleGuide(t *testing.T) {
	s := newConsoleStory(t, "[audit]\npath = \"audit.log\"\n")
	s.guided()
	s.asked()
	s.captured(t.TempDir())
	s.counted()

	s.stream.hold()
	s.judge()
	for _, fault := range s.page.Faults() {
		t.Error(fault)
	}
	s.logged()
	s.end()
}

// both is the policy of the two sessions: inbound TCP goes to target A, inbound UDP to target B.
func (s *consoleStory) both() policy {
	return s.tcp(99, 0).and(mirrored(fate{session: "udp-to-b", dst: targetB, vni: 102}, "UDP in", "UDP in, local"))
}

// guided makes two sessions by the guide: the first on a gateway that has an interface alone, the second where
// there is something to choose.
func (s *consoleStory) guided() {
	s.t.Helper()
	s.step(nil, "create interface web-1", "Create", "Created network interface web-1", func() {
		s.page.Sees("Nothing is mirrored yet").Click("Create the first session").Sees("There are no network interfaces yet").Click("Create a network interface")
		s.page.Fill("Name", "web-1").Fill("Port", "wire0").Fill("MAC address", macA).Fill("IP addresses", "10.0.0.5").Fill("MTU", "1400")
	})
	s.menu("Overview").Click("Create the first session").Sees("Step 1 of 5")
	s.page.Expect("status of 422").Click("Go on to the target").Sees("Choose a network interface")
	s.guide(s.tcp(99, 0), "inbound", "99", func(p *browser.Page) {
		p.Sees("Make the mirror target").Fill("Name", "target-a").Choose("Target type", "IP address").Fill("Target", targetA)
	}, func(p *browser.Page) {
		p.Sees("Make the filter").Fill("Name", "tcp").In("group", "Outbound rules").Click("Remove rule")
		p.In("group", "Inbound rules").Fill("Protocol", "tcp")
	})
	s.page.Sees("Created traffic mirror target target-a for it").Sees("What to check now")

	s.menu("Mirror sessions").Click("Create with the guide")
	s.guide(s.both(), "udp-to-b", "102", func(p *browser.Page) {
		p.Sees("target-a").Click("Make a new target").Fill("Name", "target-b").Choose("Target type", "IP address").Fill("Target", targetB)
	}, func(p *browser.Page) {
		p.Sees("1 inbound rule").Click("Make a new filter").Fill("Name", "udp").In("group", "Outbound rules").Click("Remove rule")
		p.In("group", "Inbound rules").Fill("Protocol", "udp")
	})
	if number := s.at("Mirror sessions", "udp-to-b").Click("Modify").Value("Session number"); number != "2" {
		s.t.Errorf("the guide proposed session number %s for the second session, want 2", number)
	}
}

// guide goes through the guide from its first step to its end.
func (s *consoleStory) guide(want policy, name, vni string, target, filter func(*browser.Page)) {
	s.t.Helper()
	s.step(want, "create session "+name+" by the guide", "Create", "Created traffic mirror session "+name, func() {
		p := s.page.In("main", "").Click("web-1").Click("Go on to the target")
		target(p)
		p.Click("Go on to the filter")
		filter(p)
		p.Click("Go on to the settings").Fill("Name", name).Fill("VNI", vni)
		p.Click("Review").Sees("Nothing has been made yet").Sees(name).Sees(vni)
	})
}

// asked has the page about explanations tell of a frame of every kind what becomes of those that pass.
func (s *consoleStory) asked() {
	s.t.Helper()
	want := s.both()
	for i := range storyKinds {
		kind := &storyKinds[i]
		p := s.menu("Explain").Fill("Mirror source", "web-1").Choose("Direction", map[bool]string{false: "Ingress", true: "Egress"}[kind.outbound])
		p.Fill("Or the frame itself", hex.EncodeToString(kind.frame(0, 40))).In("main", "").Click("Explain")
		if f := want[kind.name]; f.vni != 0 {
			p.Sees("Session "+f.session+" mirrors it.").In("region", "Decision").Sees("rule 100")
			p.In("region", "The copy").Sees(f.dst).In("region", "The copy").Sees(fmt.Sprint(f.vni))
		} else {
			p.Sees("No session of the source mirrors it.")
		}
	}
	// By its fields, and on to the filter that decides.
	p := s.menu("Explain").Fill("Mirror source", "web-1").Fill("Protocol", "udp").Fill("From", "198.51.100.20:40000").Fill("To", "10.0.0.5:6000").In("main", "").Click("Explain")
	p.Sees("Session udp-to-b mirrors it.").In("region", "Decision").Click("rule 100").In("region", "Inbound rules").Sees("udp")
	s.page.Expect("status of 422")
	s.menu("Explain").Fill("Mirror source", "nobody").In("main", "").Click("Explain").Sees("There is a problem").Sees("nobody")
}

// captured starts captures on the page and stops one: what is downloaded are frames that tshark reads.
func (s *consoleStory) captured(dir string) {
	s.t.Helper()
	s.page.Person().KeepDownloads(dir)
	s.menu("Capture").In("group", "Points").Click("copies").Fill("Number of frames", "60").Click("Start and download")
	file := s.page.Downloaded(dir, ".pcapng")
	s.frames(file, 60, "vxlan.vni == 99 || vxlan.vni == 102", "(vxlan.vni == 99 && tcp) || (vxlan.vni == 102 && udp.dstport == 6000)")

	second := s.t.TempDir()
	s.page.Person().KeepDownloads(second)
	s.menu("Capture").In("group", "Points").Click("ingress").Fill("Filter", "udp and dst host 10.0.0.5").Fill("Number of frames", "").Fill("Seconds", "").Click("Start and download").Downloading(second, 20_000)
	s.menu("Capture").Sees("runs").Click("Stop").Sees("ends.")
	file = s.page.Downloaded(second, ".pcapng")
	s.frames(file, 0, "udp && ip.dst == 10.0.0.5", `frame contains "`+numberMagic+`"`)
	s.menu("Capture").SeesNot("runs")
}

var captureFrames = regexp.MustCompile(`(?m)^Number of packets:\s+(\d+)`)

// toolOutput is what a program prints.
func toolOutput(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", program, strings.Join(args, " "), err)
	}
	return string(out)
}

// frames asserts that a file is whole, and how many frames it has, 0 is some; all match each display filter of tshark.
func (s *consoleStory) frames(file string, want int, filters ...string) {
	s.t.Helper()
	told := toolOutput(s.t, "capinfos", "-c", "-M", file)
	found := captureFrames.FindStringSubmatch(told)
	if found == nil {
		s.t.Fatalf("capinfos says of the download:\n%s", told)
	}
	count, _ := strconv.Atoi(found[1])
	if count == 0 || want != 0 && count != want {
		s.t.Errorf("the download has %d frames, want %d (0: some)", count, want)
	}
	for _, filter := range filters {
		if matching := strings.Count(toolOutput(s.t, "tshark", "-n", "-r", file, "-Y", filter), "\n"); matching != count {
			s.t.Errorf("%d of the %d frames of the download match %s", matching, count, filter)
		}
	}
}

// counted holds the counters on the pages against the frames and copies that were seen.
func (s *consoleStory) counted() {
	s.t.Helper()
	s.counters()
	s.stream.hold()
	for _, one := range []struct {
		session, filter string
		vni             uint32
	}{{"inbound", "tcp", 99}, {"udp-to-b", "udp", 102}} {
		copies, _ := s.seen(one.vni)
		text := groupedDigits(copies)
		s.at("Mirror sessions", one.session).In("region", "Now").Row("inbound").Sees(text)
		s.at("Mirror filters", one.filter).In("region", "What its rules decide").Row("inbound").Sees(text)
	}
	s.stream.flow()
}

// groupedDigits is a number as people read it: 1,234,567.
func groupedDigits(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// logged finds every action of the story in the audit log, with who did it and through which door.
func (s *consoleStory) logged() {
	s.t.Helper()
	uid := fmt.Sprintf("uid %d", os.Getuid())
	for _, one := range []struct {
		action string
		count  int // of the entries that did something
	}{{"consoleLogin", 1}, {"postInterfaces", 1}, {"postTargets", 2}, {"postFilters", 2}, {"postSessions", 2}, {"postCapture", 2}, {"deleteCaptureId", 1}} {
		p := s.menu("Audit log").Fill("User", fmt.Sprint(os.Getuid())).Fill("Action", one.action).Choose("Outcome", "Success").In("main", "").Click("Search")
		if rows := p.In("table", "Entries of the audit log").Count("row", "") - 1; rows < one.count {
			s.t.Errorf("the audit log has %d entries of %s, want %d at least", rows, one.action, one.count)
		}
		p.Row(one.action).Sees(uid).Row(one.action).Sees("console")
	}
}
