package aws

import (
	"fmt"
	"net"
	"net/netip"
)

// Listen opens the door's TCP socket; nobody is answered before Server.Serve. Without TLS only a
// loopback address is accepted: signatures keep requests from being forged, not from being read.
func Listen(address netip.AddrPort, withTLS bool) (net.Listener, error) {
	if !withTLS && !address.Addr().Unmap().IsLoopback() {
		return nil, fmt.Errorf("the AWS endpoint may not listen on %s without TLS; set tls_certificate and tls_key in [aws], or listen on 127.0.0.1:%d", address, address.Port())
	}
	listener, err := net.Listen("tcp", address.String())
	if err != nil {
		return nil, fmt.Errorf("the AWS endpoint cannot listen on %s (%w); free the port or set [aws] listen to another", address, err)
	}
	return listener, nil
}
