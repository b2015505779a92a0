package testbed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgw/testbed/awscli"
)

// awsRegion is the gateway's own, by default.
const awsRegion = "local-1"

const (
	awsKeyID     = "AKIDTESTBEDROOT00001"
	awsKeySecret = "testbed-secret-used-nowhere-else-0001"
	awsKeys      = `[[key]]
id = "` + awsKeyID + `"
secret = "` + awsKeySecret + `"
`
)

// awsCLI calls the gateway's endpoint as the user whose key the gateway has.
type awsCLI struct {
	awscli.Profile
	t *testing.T
}

// newAWSCLI gives the gateway that will be started in dir an endpoint and an access key.
func newAWSCLI(t *testing.T, l *lan, dir string) *awsCLI {
	t.Helper()
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
	return &awsCLI{t: t, Profile: awscli.Profile{Endpoint: "http://127.0.0.1:8788", Region: awsRegion, KeyID: awsKeyID, Secret: awsKeySecret,
		Attempts: 1, Namespace: l.namespace("g")}}
}

// ec2 calls an action that must succeed, and returns what query selects, as text.
func (c *awsCLI) ec2(query string, args ...string) string {
	c.t.Helper()
	all := append([]string{"--output", "text", "ec2"}, args...)
	if query != "" {
		all = append(all, "--query", query)
	}
	result := c.Run(c.t, all...)
	told := strings.TrimSpace(result.Stdout)
	if result.Exit != awscli.ExitOK || query != "" && told == "" {
		c.t.Fatalf("aws ec2 %s: exit code %d, %q\n%s", strings.Join(args, " "), result.Exit, told, result.Stderr)
	}
	return told
}

// refused calls an action that must be refused with a code.
func (c *awsCLI) refused(code string, args ...string) {
	c.t.Helper()
	result := c.Run(c.t, append([]string{"ec2"}, args...)...)
	if result.Exit != awscli.ExitService || result.Code() != code {
		c.t.Errorf("aws ec2 %s: exit code %d, want %d and %s\n%s%s", strings.Join(args, " "), result.Exit, awscli.ExitService, code, result.Stdout, result.Stderr)
	}
}
