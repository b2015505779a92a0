package awssdk

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// listen is where the gateway under test answers; the demo's own port stays free.
const listen = "127.0.0.1:18788"

// root is the tree that the gateway is built from.
const root = "../.."

// live is the live demo: a gateway on generated traffic.
type live struct {
	t       *testing.T
	keyID   string
	secret  string
	control []string // mirrorctl with its socket
}

// start runs the demo until the test ends.
func start(t *testing.T) *live {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("the live demo makes network interfaces: run the test as root")
	}
	bin := t.TempDir()
	for _, name := range []string{"cmd/mirrorgw", "cmd/mirrorctl", "testbed/demo"} {
		build := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(bin, filepath.Base(name)), "./"+name)
		build.Dir = root
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, output)
		}
	}
	demo := exec.Command(filepath.Join(bin, "demo"), "--live", "--bin", bin, "--listen", listen)
	demo.Stderr = os.Stderr
	stdout, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = demo.Process.Signal(syscall.SIGINT)
		if err := demo.Wait(); err != nil {
			t.Errorf("the demo: %v", err)
		}
	})
	l := &live{t: t}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		line := lines.Text()
		if value, ok := strings.CutPrefix(line, "export AWS_ACCESS_KEY_ID="); ok {
			l.keyID = value
		}
		if value, ok := strings.CutPrefix(line, "export AWS_SECRET_ACCESS_KEY="); ok {
			l.secret = value
		}
		if command, ok := strings.CutSuffix(line, " stats"); ok {
			l.control = strings.Fields(command)
		}
		if strings.Contains(line, "Ctrl-C") {
			break
		}
	}
	if l.keyID == "" || l.secret == "" || l.control == nil {
		t.Fatal("the demo did not say what is needed to use it")
	}
	return l
}

// client is a client of the SDK with an access key.
func (l *live) client(keyID, secret string) *ec2.Client {
	return ec2.New(ec2.Options{
		Region: "local-1", BaseEndpoint: aws.String("http://" + listen),
		Credentials: credentials.NewStaticCredentialsProvider(keyID, secret, ""),
	})
}

// mirrored is how many packets of a session were mirrored, in both directions.
func (l *live) mirrored(id string) (n int64) {
	l.t.Helper()
	output, err := exec.Command(l.control[0], append(l.control[1:], "stats", "-o", "json")...).Output()
	if err != nil {
		l.t.Fatal(err)
	}
	var stats struct {
		Laws     struct{ Production, Mirror int64 }
		Sessions map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(output, &stats); err != nil {
		l.t.Fatal(err)
	}
	for _, direction := range []string{"ingress", "egress"} {
		var counted struct {
			MirroredPackets int64 `json:"mirrored_packets"`
		}
		if err := json.Unmarshal(stats.Sessions[strings.Replace(id, "-", ".", 1)][direction], &counted); err != nil {
			l.t.Fatalf("session %s in %s: %v", id, output, err)
		}
		n += counted.MirroredPackets
	}
	return n
}

// awaitMirrored waits until more than n packets of a session were mirrored.
func (l *live) awaitMirrored(ctx context.Context, id string, n int64) {
	l.t.Helper()
	for l.mirrored(id) <= n {
		select {
		case <-ctx.Done():
			l.t.Fatalf("session %s has mirrored no more than %d packets", id, n)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
