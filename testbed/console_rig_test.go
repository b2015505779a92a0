package testbed

import (
	"errors"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/testbed/browser"
	"mirrorgw/testbed/control"
	"mirrorgw/testbed/daemon"
)

// Access keys of the console's tests: the account itself, and users that consoleIAM has.
const (
	rootKey   = "AKIDCONSOLEROOT00001"
	ianKey    = "AKIDCONSOLEIAN000001"
	makerKey  = "AKIDCONSOLEMAKER0001"
	keySecret = "console-secret-used-nowhere-else-001"
)

// Resources that policies and tests name.
const (
	consoleWeb     = "eni-0c0000000000000a1"
	consoleTarget  = "tmt-0c0000000000000a1"
	consoleOther   = "tmt-0c0000000000000a2"
	consoleFilter  = "tmf-0c0000000000000a1"
	consoleSession = "tms-0c0000000000000a1"
)

// consoleIAM has the guide's example of a policy: ian may see everything and mirror to one target only;
// maker may do that without seeing anything.
const consoleIAM = `[[policy]]
name = "one-target"
document = '''
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "ec2:CreateTrafficMirrorSession", "Resource": [
    "arn:aws:ec2:*:*:traffic-mirror-target/` + consoleTarget + `",
    "arn:aws:ec2:*:*:traffic-mirror-filter/*", "arn:aws:ec2:*:*:network-interface/*"]}]}
'''
[[account]]
id = "000000000000"
[[account.user]]
name = "ian"
policies = ["ReadOnlyAccess", "one-target"]
[[account.user]]
name = "maker"
policies = ["one-target"]
`

// consoleResources is what a gateway has that is in use: something of every kind, and long texts.
const consoleResources = `[[interface]]
id = "` + consoleWeb + `"
name = "web-1"
description = "the web server of the shop, in the rack beside the door, with a description that is long enough to need two lines on a phone"
port = "wire0"
mac = "02:00:00:00:00:01"
addresses = ["10.0.0.5", "2001:db8:1::5"]
mtu = 1500
instance = "i-0000000000000a001"
tags = { Name = "web-1", env = "prod", "a-key-without-any-blank-that-is-as-long-as-keys-of-tags-sometimes-are" = "a-value-without-any-blank-that-is-as-long-as-values-of-tags-are" }
[[interface]]
name = "db-1"
port = "wire0"
mac = "02:00:00:00:00:02"
addresses = ["10.0.0.6"]
[[interface]]
name = "ids-1"
addresses = ["192.0.2.10"]
[[target]]
id = "` + consoleTarget + `"
name = "ids"
description = "the analysts' appliance"
interface = "ids-1"
tags = { team = "analysts" }
[[target]]
id = "` + consoleOther + `"
name = "archive"
address = "192.0.2.10"
[[load_balancer]]
name = "sensors"
cross_zone = true
listeners = [{ port = 4789 }]
member = [{ address = "192.0.2.11", zone = "zone-a" }, { address = "192.0.2.12", zone = "zone-b", weight = 2 }, { address = "192.0.2.21", zone = "zone-b", draining = true }]
[[target]]
name = "farm"
load_balancer = "sensors"
[[filter]]
id = "` + consoleFilter + `"
name = "web"
description = "web traffic and its answers"
services = ["amazon-dns"]
[[filter.rule]]
direction = "ingress"
number = 10
action = "reject"
protocol = "udp"
[[filter.rule]]
direction = "ingress"
number = 100
action = "accept"
protocol = "tcp"
source = "0.0.0.0/0"
destination = "10.0.0.0/8"
destination_ports = "80-443"
description = "everybody may ask"
[[filter.rule]]
direction = "egress"
number = 100
action = "accept"
[[filter]]
name = "nothing"
[[session]]
id = "` + consoleSession + `"
name = "web-to-ids"
description = "what the analysts look at"
source = "web-1"
target = "ids"
filter = "web"
number = 1
vni = 77
packet_length = 200
tags = { Name = "web-1 to ids" }
[[session]]
name = "db-to-archive"
source = "db-1"
target = "archive"
filter = "nothing"
number = 1
`

func consoleKey(id, user string) string {
	key := "[[key]]\nid = \"" + id + "\"\nsecret = \"" + keySecret + "\"\n"
	if user != "" {
		key += "user = \"" + user + "\"\n"
	}
	return key
}

// consoleGateway is a gateway at full work with a console, and a browser beside it.
type consoleGateway struct {
	*steered
	files *steeredGateway
	ctl   *control.Tool
	base  string // http://HOST:PORT of the console
}

// newConsoleGateway starts a gateway with the resources of a document.
func newConsoleGateway(t *testing.T, resources string) *consoleGateway {
	t.Helper()
	return newConsoleGatewayWith(t, resources, "")
}

// newConsoleGatewayWith does so with further sections of gateway.toml.
func newConsoleGatewayWith(t *testing.T, resources, sections string) *consoleGateway {
	t.Helper()
	browser.Needed(t)
	if os.Getuid() != 0 {
		t.Skip("access keys must belong to root: run the test as root")
	}
	consoleTimes(t)
	g := newSteered(t)
	listen := freeAddress(t)
	writeFile(t, filepath.Join(g.dir, "iam.toml"), consoleIAM)
	writeFile(t, filepath.Join(g.dir, "resources.toml"), resources)
	g.writeKeys(consoleKey(rootKey, "") + consoleKey(ianKey, "ian") + consoleKey(makerKey, "maker"))
	g.more = "\n[console]\nlisten = \"" + listen + "\"\nkeys = \"keys.toml\"\n\n[iam]\ndirectory = \"" + filepath.Join(g.dir, "iam.toml") +
		"\"\n\n[audit]\npath = \"" + filepath.Join(g.dir, "audit.log") + "\"\n\n[history]\npath = \"history\"\n" + sections
	g.write()
	c := &consoleGateway{files: g, base: "http://" + listen}
	c.start("--apply", "resources.toml")
	return c
}

// consoleTimes gives a gateway as long as people take, and pictures of what went wrong a place.
func consoleTimes(t *testing.T) {
	t.Helper()
	browser.Pictures = consolePictures(t)
	before := daemon.Timeout
	daemon.Timeout = 15 * time.Minute
	if os.Getenv("MIRRORGW_FULL") != "" {
		daemon.Timeout = 2 * time.Hour
	}
	t.Cleanup(func() { daemon.Timeout = before })
}

// controlCPU is not the worker's: a browser there does not keep it from polling.
const controlCPU = "0"

// launch starts a browser beside a gateway of these tests.
func launch(t *testing.T, prefix ...string) *browser.Browser {
	t.Helper()
	return browser.Launch(t, append([]string{"taskset", "--cpu-list", controlCPU}, prefix...)...)
}

// made fails the test unless a change was made. That a busy machine kept the worker from telling within its
// second that it has it is none of these tests' business.
func made(t *testing.T, err error) {
	t.Helper()
	var refused *api.Error
	if err != nil && !(errors.As(err, &refused) && refused.Code == api.CodeLcoreStalled) {
		t.Fatal(err)
	}
}

// start starts the gateway, for the first time or again.
func (c *consoleGateway) start(args ...string) {
	c.files.t.Helper()
	c.steered = c.files.start(args...)
	c.ctl = control.New(c.files.t, filepath.Join(c.files.dir, "ctl.sock"))
}

// consolePictures is out/console, where people look at the pages.
func consolePictures(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../out/console")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var linkForm = regexp.MustCompile(`https?://\S+`)

// oneTimeLink is one that mirrorctl console gives out.
func (c *consoleGateway) oneTimeLink() string {
	c.t.Helper()
	return oneTimeLink(c.t, c.ctl)
}

func oneTimeLink(t *testing.T, ctl *control.Tool) string {
	t.Helper()
	told := ctl.Do("console")
	link := linkForm.FindString(told)
	if link == "" {
		t.Fatalf("mirrorctl console told no link:\n%s", told)
	}
	return link
}

// admin is the local administrator, who has followed a one-time link, at the overview.
func (c *consoleGateway) admin(t *testing.T, b *browser.Browser) *browser.Page {
	t.Helper()
	return b.Person(t, c.base).Open(c.oneTimeLink()).Click("Log in").Sees("Overview")
}

// loggedIn is whoever has an access key, at the overview.
func (c *consoleGateway) loggedIn(t *testing.T, b *browser.Browser, key string) *browser.Page {
	t.Helper()
	return b.Person(t, c.base).Open("/login").Fill("Access key ID", key).Fill("Secret access key", keySecret).Click("Log in").Sees("Overview")
}

// form is what a program needs to post forms as whoever has logged in: cookies and a token.
type form struct {
	t      *testing.T
	base   string
	client *http.Client
}

// visitor is a program with cookies that has followed a one-time link or, with a key, logged in by that.
func (c *consoleGateway) visitor(t *testing.T, key string) *form {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &form{t, c.base, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	status := 0
	if key == "" {
		link, err := url.Parse(c.oneTimeLink())
		if err != nil {
			t.Fatal(err)
		}
		status, _ = f.post(link.Path, "", link.Query())
	} else {
		status, _ = f.post("/login", "", url.Values{"accessKeyId": {key}, "secretAccessKey": {keySecret}})
	}
	if status != http.StatusSeeOther {
		t.Fatalf("the log-in is answered by %d", status)
	}
	return f
}

func (f *form) get(path string) (status int, text string) {
	f.t.Helper()
	response, err := f.client.Get(f.base + path)
	return f.read(response, err)
}

// post sends a form; origin is what the browser would say of where it is from, empty for the console itself.
func (f *form) post(path, origin string, values url.Values) (status int, text string) {
	f.t.Helper()
	request, err := http.NewRequest(http.MethodPost, f.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if request.Header.Set("Origin", f.base); origin != "" {
		request.Header.Set("Origin", origin)
	}
	response, err := f.client.Do(request)
	return f.read(response, err)
}

func (f *form) read(response *http.Response, err error) (status int, text string) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	var all strings.Builder
	buffer := make([]byte, 1<<15)
	for {
		n, err := response.Body.Read(buffer)
		all.Write(buffer[:n])
		if err != nil {
			break
		}
	}
	return response.StatusCode, all.String()
}

var tokenForm = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// token is that of the forms on a page.
func (f *form) token(path string) string {
	f.t.Helper()
	status, text := f.get(path)
	found := tokenForm.FindStringSubmatch(text)
	if found == nil {
		f.t.Fatalf("%s (status %d) has no token", path, status)
	}
	return found[1]
}

// listenAnywhere is a free port of this machine, for a site that is not the console.
func listenAnywhere(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return l
}
