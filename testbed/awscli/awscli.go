package awscli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Program is where Debian's package awscli has it. Others on PATH are of other versions.
const Program = "/usr/bin/aws"

// Exit codes of the CLI.
const (
	ExitOK      = 0
	ExitUsage   = 252 // the command line, or a parameter, does not please the CLI
	ExitService = 254 // the endpoint answered with an error
	ExitOther   = 255 // no answer, or one that cannot be read
)

// callTime bounds one call, its retries included.
const callTime = time.Minute

// Profile is who calls, and where to.
type Profile struct {
	Endpoint string // URL
	Region   string
	KeyID    string
	Secret   string
	Token    string // of a session; empty: none
	CA       string // path of what certificates are verified with; empty: the system's
	Attempts int    // of a call that is throttled or not answered; 0: the CLI's default

	Namespace string // network namespace to call from, by its name for ip-netns(8), as root; empty: the test's own
}

// Result is how a call ended.
type Result struct {
	Exit   int
	Stdout string
	Stderr string
}

// Code is the error code that the CLI tells, as in "An error occurred (AuthFailure) when calling …".
func (r Result) Code() string {
	_, rest, _ := strings.Cut(r.Stderr, "An error occurred (")
	code, _, _ := strings.Cut(rest, ")")
	return code
}

// JSON reads the output into a value.
func (r Result) JSON(t testing.TB, into any) {
	t.Helper()
	if r.Exit != ExitOK {
		t.Fatalf("exit code %d: %s", r.Exit, r.Stderr)
	}
	if err := json.Unmarshal([]byte(r.Stdout), into); err != nil {
		t.Fatalf("%v: %s", err, r.Stdout)
	}
}

// Run calls the CLI. It takes about a second. A test whose machine has no CLI is skipped.
func (p Profile) Run(t testing.TB, args ...string) Result {
	t.Helper()
	if _, err := os.Stat(Program); err != nil {
		t.Skipf("there is no %s; scripts/install-deps.sh installs it", Program)
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	line := append(p.prefix(), args...)
	command := exec.CommandContext(ctx, line[0], line[1:]...)
	command.Env = p.environment(t)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("aws %s: %v, %v\n%s", strings.Join(args, " "), err, ctx.Err(), errs.String())
	}
	return Result{command.ProcessState.ExitCode(), out.String(), errs.String()}
}

// prefix begins every command line.
func (p Profile) prefix() []string {
	line := []string{Program, "--endpoint-url", p.Endpoint}
	if p.Namespace == "" {
		return line
	}
	return append([]string{"ip", "netns", "exec", p.Namespace}, line...)
}

// environment is all that the CLI knows: nothing of the user's own profiles.
func (p Profile) environment(t testing.TB) []string {
	environment := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + t.TempDir(), "LC_ALL=C.UTF-8", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
		"AWS_DEFAULT_REGION=" + p.Region, "AWS_ACCESS_KEY_ID=" + p.KeyID, "AWS_SECRET_ACCESS_KEY=" + p.Secret, "AWS_DEFAULT_OUTPUT=json"}
	if p.Token != "" {
		environment = append(environment, "AWS_SESSION_TOKEN="+p.Token)
	}
	if p.CA != "" {
		environment = append(environment, "AWS_CA_BUNDLE="+p.CA)
	}
	if p.Attempts > 0 {
		environment = append(environment, "AWS_MAX_ATTEMPTS="+strconv.Itoa(p.Attempts))
	}
	return environment
}
