package cloudwatch

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/sts"
)

// oneKey is an access key of the test's account.
type oneKey struct{}

func (oneKey) Key(id string) (iam.Key, bool) {
	return iam.Key{ID: id, Secret: "secret", Principal: iam.Principal{Account: account, User: "ann"}}, id == "AKIDEXAMPLE"
}

// serve answers behind a real door, until the test ends, and returns its address.
func (w *world) serve(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	door := aws.New(aws.Options{Services: []aws.Service{sts.Service{}, w.Service}, Keys: oneKey{}, Region: "local-1"})
	go door.Serve(listener)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		door.Shutdown(ctx)
	})
	return "http://" + listener.Addr().String()
}

// clients are the CLIs of this machine: Debian's speaks the query protocol, newer ones JSON.
func clients(t *testing.T) (paths []string) {
	for _, name := range []string{"/usr/bin/aws", "aws"} {
		if path, err := exec.LookPath(name); err == nil && (len(paths) == 0 || paths[0] != path) {
			paths = append(paths, path)
		}
	}
	if paths == nil {
		t.Skip("there is no aws CLI: apt install awscli")
	}
	if os.Getenv("MIRRORGW_FULL") == "" {
		return paths[:1] // each call takes a second
	}
	return paths
}

func run(t *testing.T, client, endpoint, line string) (string, error) {
	t.Helper()
	args := append(strings.Fields(line), "--endpoint-url", endpoint, "--output", "json")
	cmd := exec.Command(client, append([]string{"cloudwatch"}, args...)...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_DEFAULT_REGION=local-1", "AWS_PAGER=",
		"AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent", "AWS_EC2_METADATA_DISABLED=true", "AWS_SESSION_TOKEN=")
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// TestCLI asks as people do. The metrics are of the last hours: those of two weeks ago are not listed.
func TestCLI(t *testing.T) {
	w := newWorld(t)
	noonNow := time.Now().UTC().Truncate(time.Hour).Add(-3 * time.Hour)
	w.seed(noonNow)
	endpoint := w.serve(t)
	begin, end := noonNow.Format(time.RFC3339), noonNow.Add(2*time.Hour).Format(time.RFC3339)
	for _, client := range clients(t) {
		var list struct{ Metrics []metric }
		output, err := run(t, client, endpoint, "list-metrics --namespace AWS/EC2")
		if json.Unmarshal([]byte(output), &list); err != nil || len(list.Metrics) != 36 {
			t.Fatalf("%s: %v, %d metrics\n%s", client, err, len(list.Metrics), output)
		}
		var statistics struct {
			Label      string
			Datapoints []struct {
				Sum  float64
				Unit string
			}
		}
		output, err = run(t, client, endpoint, "get-metric-statistics --namespace AWS/EC2 --metric-name NetworkSkipMirrorIn --dimensions Name=InstanceId,Value=i-1 --statistics Sum --period 3600 --start-time "+begin+" --end-time "+end)
		if json.Unmarshal([]byte(output), &statistics); err != nil || len(statistics.Datapoints) != 2 || statistics.Datapoints[0].Unit != "Bytes" {
			t.Fatalf("%s: %v\n%s", client, err, output)
		}
		hour := 0.0
		for minute := range 60 {
			hour += float64(counted(0, 2, minute))
		}
		if first := statistics.Datapoints[0]; first.Sum != hour && statistics.Datapoints[1].Sum != hour {
			t.Errorf("%s: no hour has %v: %+v", client, hour, statistics)
		}
		output, err = run(t, client, endpoint, "get-metric-data --max-items 9 --metric-data-queries "+
			`[{"Id":"a","MetricStat":{"Metric":{"Namespace":"AWS/EC2","MetricName":"NetworkMirrorIn","Dimensions":[{"Name":"AutoScalingGroupName","Value":"web"}]},"Period":60,"Stat":"Maximum"}}]`+
			" --start-time "+begin+" --end-time "+end)
		if err != nil || strings.Count(output, "StatusCode") != 1 || !strings.Contains(output, `"Id": "a"`) {
			t.Errorf("%s: %v\n%s", client, err, output)
		}
		output, err = run(t, client, endpoint, "get-metric-statistics --namespace AWS/EC2 --metric-name NetworkMirrorIn --statistics Sum --period 90 --start-time "+begin+" --end-time "+end)
		if err == nil || !strings.Contains(output, "An error occurred (InvalidParameterValue) when calling the GetMetricStatistics operation: The value 90") {
			t.Errorf("%s: %v\n%s", client, err, output)
		}
	}
}
