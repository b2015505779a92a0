package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
)

// tell says how to use the gateway. The export lines can be pasted into a shell, or evaluated.
func (l *live) tell(out io.Writer) {
	control, _ := filepath.Abs(filepath.Join(l.bin, "mirrorctl"))
	fmt.Fprintf(out, `# A gateway runs on generated traffic. In another terminal:

export AWS_ACCESS_KEY_ID=%s
export AWS_SECRET_ACCESS_KEY=%s
export AWS_DEFAULT_REGION=local-1

aws --endpoint-url http://%[3]s ec2 describe-network-interfaces --output table \
    --query 'NetworkInterfaces[].[NetworkInterfaceId,Description,PrivateIpAddress]'

# Mirror web-1 to the appliance:

ec2() { aws --endpoint-url http://%[3]s --output text ec2 "$@"; }
web=$(ec2 describe-network-interfaces --filters Name=tag:Name,Values=web-1 --query 'NetworkInterfaces[0].NetworkInterfaceId')
ids=$(ec2 describe-network-interfaces --filters Name=tag:Name,Values=ids-1 --query 'NetworkInterfaces[0].NetworkInterfaceId')
target=$(ec2 create-traffic-mirror-target --network-interface-id "$ids" --query TrafficMirrorTarget.TrafficMirrorTargetId)
filter=$(ec2 create-traffic-mirror-filter --query TrafficMirrorFilter.TrafficMirrorFilterId)
for direction in ingress egress; do
    ec2 create-traffic-mirror-filter-rule --traffic-mirror-filter-id "$filter" --traffic-direction $direction --rule-number 100 \
        --rule-action accept --source-cidr-block 0.0.0.0/0 --destination-cidr-block 0.0.0.0/0
done
ec2 create-traffic-mirror-session --network-interface-id "$web" --traffic-mirror-target-id "$target" \
    --traffic-mirror-filter-id "$filter" --session-number 1

# See the copies arrive at the appliance (as root), and what the gateway counts:

nsenter --net=/proc/%[4]d/ns/net tcpdump -lni ids udp port 4789
%[5]s --socket %[6]s/ctl.sock stats

# Another account, %[9]s, to share the target with (aws ram create-resource-share, then accept-resource-share-invitation there):
#   AWS_ACCESS_KEY_ID=%[7]s AWS_SECRET_ACCESS_KEY=%[8]s

# Ctrl-C ends it and removes everything.
`, l.keys[0].id, l.keys[0].secret, l.listen, l.network.tid, control, l.dir, l.keys[1].id, l.keys[1].secret, secondAccount)
}

// tellConsole prints a link that logs in to the console, and how to get another one.
func (l *live) tellConsole(ctx context.Context, out io.Writer) error {
	control, err := filepath.Abs(filepath.Join(l.bin, "mirrorctl"))
	if err != nil {
		return err
	}
	args := []string{"--socket", filepath.Join(l.dir, "ctl.sock"), "console"}
	link, err := exec.CommandContext(ctx, control, args...).Output()
	if err != nil {
		return fmt.Errorf("the console gives no link: %w", err)
	}
	fmt.Fprintf(out, `
# The console, as its administrator, once and within a minute:

  %s
# Another link: %s %s
# Or log in there with the access key from above.
`, link, control, strings.Join(args, " "))
	return nil
}
