package testbed

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// awsRegion is the gateway's own, by default.
const awsRegion = "local-1"

const awsKeys = `[[key]]
id = "AKIDTESTBEDROOT00001"
secret = "testbed-secret-used-nowhere-else-0001"
`

// debianAWS is Debian's AWS CLI, whatever other versions a machine has.
const debianAWS = "/usr/bin/aws"

// awsCLI is Debian's AWS CLI, run where it reaches the gateway's endpoint.
type awsCLI struct {
	t    *testing.T
	lan  *lan
	home string // without configuration and history of anybody's
}

// newAWSCLI gives the gateway that will be started in dir an endpoint and an access key.
func newAWSCLI(t *testing.T, l *lan, dir string) *awsCLI {
	t.Helper()
	if _, err := os.Stat(debianAWS); err != nil {
		t.Fatalf("the AWS CLI is missing (%v): scripts/install-deps.sh installs it", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "keys.toml"), []byte(awsKeys), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "gateway.toml")
	before, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, config, string(before)+"[aws]\nkeys = \"keys.toml\"\n")
	l.in("g", "ip", "link", "set", "lo", "up")
	return &awsCLI{t: t, lan: l, home: t.TempDir()}
}

// run calls the CLI and returns what it printed and its exit code.
func (c *awsCLI) run(args ...string) (stdout, stderr string, code int) {
	c.t.Helper()
	command := exec.Command("ip", append([]string{"netns", "exec", c.lan.namespace("g"), debianAWS, "--endpoint-url", "http://127.0.0.1:8788"}, args...)...)
	command.Env = []string{"HOME=" + c.home, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "AWS_DEFAULT_REGION=" + awsRegion, "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=",
		"AWS_ACCESS_KEY_ID=AKIDTESTBEDROOT00001", "AWS_SECRET_ACCESS_KEY=testbed-secret-used-nowhere-else-0001"}
	var out, errors bytes.Buffer
	command.Stdout, command.Stderr = &out, &errors
	err := command.Run()
	if command.ProcessState == nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(out.String()), strings.TrimSpace(errors.String()), command.ProcessState.ExitCode()
}

// ec2 calls an action that must succeed, and returns what query selects, as text.
func (c *awsCLI) ec2(query string, args ...string) string {
	c.t.Helper()
	all := append([]string{"--output", "text", "ec2"}, args...)
	if query != "" {
		all = append(all, "--query", query)
	}
	stdout, stderr, code := c.run(all...)
	if code != 0 || query != "" && stdout == "" {
		c.t.Fatalf("aws ec2 %s: exit code %d, %q\n%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// refused calls an action that must be refused with a code.
func (c *awsCLI) refused(code string, args ...string) {
	c.t.Helper()
	stdout, stderr, exit := c.run(append([]string{"ec2"}, args...)...)
	if exit != 254 || !strings.Contains(stderr, fmt.Sprintf("(%s)", code)) {
		c.t.Errorf("aws ec2 %s: exit code %d, want 254 and %s\n%s%s", strings.Join(args, " "), exit, code, stdout, stderr)
	}
}
