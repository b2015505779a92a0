package ec2

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/iam"
)

// oneKey is all access keys that there are.
type oneKey struct{}

func (oneKey) Key(id string) (iam.Key, bool) {
	return iam.Key{ID: "AKIDEXAMPLE", Secret: "secret", Principal: iam.Principal{Account: alice, User: "ann"}}, id == "AKIDEXAMPLE"
}

// cli runs Debian's AWS CLI against the service, behind the door with its signatures.
type cli struct {
	*world
	endpoint string
	home     string
}

func newCLI(t *testing.T) *cli {
	if os.Getenv("MIRRORGW_FULL") != "1" {
		t.Skip("each call of the AWS CLI takes a second; MIRRORGW_FULL=1 runs them")
	}
	if _, err := os.Stat("/usr/bin/aws"); err != nil {
		t.Skip("there is no /usr/bin/aws; apt-get install awscli")
	}
	c := &cli{world: newWorld(t), home: t.TempDir()}
	door := aws.New(aws.Options{Services: []aws.Service{c.service}, Keys: oneKey{}, Region: region})
	listener, err := aws.Listen(netip.MustParseAddrPort("127.0.0.1:0"), false)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- door.Serve(listener) }()
	t.Cleanup(func() {
		door.Shutdown(context.Background())
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	c.endpoint = "http://" + listener.Addr().String()
	return c
}

// run runs a command; code is that of the fault, or empty.
func (c *cli) run(code string, args ...string) (answer map[string]any) {
	c.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, "/usr/bin/aws", append([]string{"--endpoint-url", c.endpoint, "--region", region, "--output", "json", "ec2"}, args...)...)
	command.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + c.home, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_PAGER="}
	var errors strings.Builder
	command.Stderr = &errors
	output, err := command.Output()
	status := command.ProcessState.ExitCode()
	switch {
	case code == "" && err != nil:
		c.Fatalf("aws %v: %d %s", args, status, errors.String())
	case code != "" && (status != 254 || !strings.Contains(errors.String(), "("+code+")")):
		c.Errorf("aws %v: %d %s, want %s", args, status, errors.String(), code)
	}
	if len(output) > 0 {
		if err := json.Unmarshal(output, &answer); err != nil {
			c.Fatalf("aws %v: %v: %s", args, err, output)
		}
	}
	return answer
}

// made is the field of what a command has made or changed.
func made(answer map[string]any, name, field string) string {
	resource, _ := answer[name].(map[string]any)
	text, _ := resource[field].(string)
	return text
}

// TestCLI does the guide's first steps with the real client.
func TestCLI(t *testing.T) {
	c := newCLI(t)
	source := c.source("web-1", 1)
	appliance := made(c.run("", "create-network-interface", "--subnet-id", "tun0", "--private-ip-address", "192.0.2.10", "--description", "ids",
		"--tag-specifications", "ResourceType=network-interface,Tags=[{Key=Name,Value=ids}]"), "NetworkInterface", "NetworkInterfaceId")
	target := made(c.run("", "create-traffic-mirror-target", "--network-interface-id", appliance, "--description", "a & b"), "TrafficMirrorTarget", "TrafficMirrorTargetId")
	filter := made(c.run("", "create-traffic-mirror-filter", "--description", "TCP", "--tag-specifications", "ResourceType=traffic-mirror-filter,Tags=[{Key=Name,Value=<F>}]"),
		"TrafficMirrorFilter", "TrafficMirrorFilterId")
	rule := made(c.run("", "create-traffic-mirror-filter-rule", "--traffic-mirror-filter-id", filter, "--traffic-direction", "ingress", "--rule-number", "10", "--rule-action", "accept",
		"--protocol", "6", "--source-cidr-block", "0.0.0.0/0", "--destination-cidr-block", "0.0.0.0/0", "--description", "TCP Rule", "--destination-port-range", "FromPort=80,ToPort=443"),
		"TrafficMirrorFilterRule", "TrafficMirrorFilterRuleId")
	session := c.run("", "create-traffic-mirror-session", "--network-interface-id", source, "--traffic-mirror-target-id", target, "--traffic-mirror-filter-id", filter, "--session-number", "1")
	id := made(session, "TrafficMirrorSession", "TrafficMirrorSessionId")
	if !strings.HasPrefix(id, "tms-") || session["ClientToken"] == nil {
		t.Errorf("the session is %v", session)
	}
	c.run("TrafficMirrorTargetInUse", "delete-traffic-mirror-target", "--traffic-mirror-target-id", target)
	c.run("DryRunOperation", "delete-traffic-mirror-session", "--traffic-mirror-session-id", id, "--dry-run")
	c.run("InvalidParameterValue", "modify-traffic-mirror-session", "--traffic-mirror-session-id", id, "--session-number", "99999")
	c.run("", "modify-traffic-mirror-session", "--traffic-mirror-session-id", id, "--packet-length", "100", "--description", "")
	c.run("", "modify-traffic-mirror-filter-rule", "--traffic-mirror-filter-rule-id", rule, "--remove-fields", "destination-port-range", "protocol", "description")
	services := c.run("", "modify-traffic-mirror-filter-network-services", "--traffic-mirror-filter-id", filter, "--add-network-services", "amazon-dns")
	if got, _ := json.Marshal(services["TrafficMirrorFilter"].(map[string]any)["NetworkServices"]); string(got) != `["amazon-dns"]` {
		t.Errorf("services %s", got)
	}
	c.run("", "create-tags", "--resources", id, rule, "--tags", "Key=ключ,Value=", "Key=b,Value=c")
	c.run("", "delete-tags", "--resources", id, "--tags", "Key=b")
	if tags := c.run("", "describe-tags", "--filters", "Name=resource-id,Values="+id)["Tags"].([]any); len(tags) != 1 || tags[0].(map[string]any)["Key"] != "ключ" {
		t.Errorf("tags %v", tags)
	}
	for i := range 7 {
		c.ok("CreateTrafficMirrorFilter", "Description", strings.Repeat("x", i))
	}
	if filters := c.run("", "describe-traffic-mirror-filters", "--page-size", "5")["TrafficMirrorFilters"].([]any); len(filters) != 8 {
		t.Errorf("%d filters on two pages", len(filters))
	}
	interfaces := c.run("", "describe-network-interfaces", "--filters", "Name=private-ip-address,Values=192.0.2.*")["NetworkInterfaces"].([]any)
	if len(interfaces) != 1 || interfaces[0].(map[string]any)["NetworkInterfaceId"] != appliance {
		t.Errorf("interfaces %v", interfaces)
	}
	for _, deletion := range [][]string{{"session", id}, {"filter-rule", rule}, {"filter", filter}, {"target", target}} {
		c.run("", "delete-traffic-mirror-"+deletion[0], "--traffic-mirror-"+deletion[0]+"-id", deletion[1])
	}
	c.run("InvalidTrafficMirrorSessionId.NotFound", "describe-traffic-mirror-sessions", "--traffic-mirror-session-ids", id)
	left := c.run("", "describe-traffic-mirror-sessions")["TrafficMirrorSessions"].([]any)
	if len(left) != 0 {
		t.Errorf("left %v", left)
	}
}
