package testbed

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/testbed/awscli"
	"mirrorgw/testbed/daemon"
)

const awsSecret = "an+example/of40characters+that/is no1 key"

func keyEntry(id string) string {
	return "[[key]]\nid = \"" + id + "\"\nsecret = \"" + strings.ReplaceAll(awsSecret, " ", "/") + "\"\nuser = \"ann\"\n"
}

// withEndpoint adds an AWS endpoint to a gateway and returns the profile of its client.
func (g *steeredGateway) withEndpoint(keys string) awscli.Profile {
	g.t.Helper()
	listen := freeAddress(g.t)
	g.more = "\n[aws]\nlisten = \"" + listen + "\"\nkeys = \"keys.toml\"\n"
	g.write()
	g.writeKeys(keys)
	return awscli.Profile{Endpoint: "http://" + listen, Region: "local-1", KeyID: "AKIDOLD", Secret: strings.ReplaceAll(awsSecret, " ", "/")}
}

func (g *steeredGateway) writeKeys(text string) {
	g.t.Helper()
	path := filepath.Join(g.dir, "keys.toml")
	if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		g.t.Fatal(err)
	}
}

// TestAWSEndpoint: Debian's CLI asks a gateway at full work who it is; the keys are exchanged while
// it runs, once for no good.
func TestAWSEndpoint(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("access keys must belong to root")
	}
	g := newSteered(t)
	ann := g.withEndpoint(keyEntry("AKIDOLD"))
	s := g.start()
	s.awaitFrames()
	var who struct{ Arn string }
	ann.Run(t, "sts", "get-caller-identity").JSON(t, &who)
	if who.Arn != "arn:aws:iam::000000000000:user/ann" {
		t.Errorf("%+v", who)
	}
	g.writeKeys("[[key]]\nid = \"AKIDNEW\"\n")
	s.Signal(syscall.SIGHUP)
	s.AwaitLog("secret is missing")
	ann.Run(t, "sts", "get-caller-identity").JSON(t, &who)
	g.writeKeys(keyEntry("AKIDNEW") + keyEntry("AKIDNEWER"))
	s.Signal(syscall.SIGHUP)
	s.AwaitLog("keys=2 expired=0")
	if result := ann.Run(t, "sts", "get-caller-identity"); result.Code() != "SignatureDoesNotMatch" {
		t.Errorf("the old key: %+v", result)
	}
	ann.KeyID = "AKIDNEW"
	ann.Run(t, "sts", "get-caller-identity").JSON(t, &who)
	if text := s.Stderr(); strings.Contains(text, ann.Secret) {
		t.Errorf("the log has the secret:\n%s", text)
	}
	s.end()
}

// TestAWSRefusals: what is wrong with [aws] is said before anything starts.
func TestAWSRefusals(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("access keys must belong to root")
	}
	g := newSteered(t)
	g.withEndpoint("")
	if err := os.Chmod(filepath.Join(g.dir, "keys.toml"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, check := range []string{"--check-config", "--until-idle=100ms"} {
		result := daemon.Run(t, g.dir, "--config", "gateway.toml", check)
		if result.ExitCode != 1 {
			t.Errorf("%s: exit code %d", check, result.ExitCode)
		}
		checkSentence(t, result.Stderr, "mirrorgw: keys.toml has mode 0644, so that others than root can read or write it; run chmod 0600 keys.toml, and change the keys if others may have read them")
	}
}
