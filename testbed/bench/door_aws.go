package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"mirrorgw/testbed/signed"
)

// Access of the AWS endpoint, which ends with the measurement.
const (
	doorKey    = "AKIDBENCHDOOR0000001"
	doorSecret = "a-secret-of-a-gateway-that-lives-a-minute"
)

// endpointFile has the URL of the AWS endpoint of the gateway in the same directory.
const endpointFile = "endpoint"

// doors are measured in this order, a life each: what the machine does meanwhile hurts both.
func doors() []door {
	socket := door{"socket", newSocketClient}
	endpoint := func() door { return door{"aws", (&awsNames{}).client} }
	return []door{socket, endpoint(), endpoint(), socket}
}

// awsNames are the identifiers that clients of the endpoint need, read once.
type awsNames struct {
	interfaces     map[string]string // by address
	target, filter string
}

// awsClient is a client of the endpoint as the CLI is one: requests are signed, and creates have a client token.
type awsClient struct {
	*signed.Client
	names *awsNames
}

func (n *awsNames) client(ctx context.Context, l *controlLife) (doorClient, error) {
	endpoint, err := os.ReadFile(filepath.Join(l.dir, endpointFile))
	if err != nil {
		return nil, err
	}
	c := &awsClient{signed.New(string(endpoint), "local-1", doorKey, doorSecret), n}
	if n.interfaces != nil {
		return c, nil
	}
	return c, n.read(ctx, c)
}

func (n *awsNames) read(ctx context.Context, c *awsClient) error {
	n.interfaces = map[string]string{}
	for token, more := "", true; more; more = token != "" {
		reply, err := c.call(ctx, "DescribeNetworkInterfaces", pageParams(token)...)
		if err != nil {
			return err
		}
		ids, addresses := reply.Fields("networkInterfaceId"), reply.Fields("privateIpAddress")
		if len(addresses) != 2*len(ids) { // each is told alone, and in the list of addresses
			return fmt.Errorf("%d interfaces have %d addresses", len(ids), len(addresses)/2)
		}
		for i, id := range ids {
			n.interfaces[addresses[2*i]] = id
		}
		token = reply.Field("nextToken")
	}
	targets, err := c.call(ctx, "DescribeTrafficMirrorTargets")
	if err != nil {
		return err
	}
	filters, err := c.call(ctx, "DescribeTrafficMirrorFilters")
	n.target, n.filter = targets.Field("trafficMirrorTargetId"), filters.Field("trafficMirrorFilterId")
	return err
}

// call makes an EC2 request that must succeed.
func (c *awsClient) call(ctx context.Context, action string, params ...string) (signed.Reply, error) {
	reply, err := c.EC2(ctx, action, params...)
	if err == nil && !reply.OK() {
		err = fmt.Errorf("%s: status %d: %s", action, reply.Status, reply.Body)
	}
	return reply, err
}

func (c *awsClient) create(ctx context.Context, i int) error {
	_, err := c.call(ctx, "CreateTrafficMirrorSession", "NetworkInterfaceId", c.names.interfaces[source(i).IPv4.String()], "TrafficMirrorTargetId", c.names.target,
		"TrafficMirrorFilterId", c.names.filter, "SessionNumber", "1", "ClientToken", rand.Text())
	return err
}

func (c *awsClient) page(ctx context.Context, token string) (int, string, error) {
	reply, err := c.call(ctx, "DescribeTrafficMirrorSessions", pageParams(token)...)
	return len(reply.Fields("trafficMirrorSessionId")), reply.Field("nextToken"), err
}

func (c *awsClient) close() { c.Close() }

func pageParams(token string) []string {
	params := []string{"MaxResults", strconv.Itoa(doorPage)}
	if token != "" {
		params = append(params, "NextToken", token)
	}
	return params
}
