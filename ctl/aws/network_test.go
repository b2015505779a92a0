package aws_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/aws"
	doors "mirrorgw/ctl/door"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// open serves a door on a port of its own and returns its URL.
func (d *door) open(t *testing.T) string {
	t.Helper()
	l, err := aws.Listen(loopback, d.Certificate != nil)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- d.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	if d.Certificate != nil {
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}

func client(t *testing.T, config *tls.Config) *http.Client {
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestListen(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "192.0.2.1:0", "[::]:0"} {
		if l, err := aws.Listen(netip.MustParseAddrPort(address), false); err == nil || !strings.Contains(err.Error(), "without TLS") {
			t.Errorf("%s: %v, %v", address, l, err)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "[::ffff:127.0.0.1]:0"} {
		l, err := aws.Listen(netip.MustParseAddrPort(address), false)
		if err != nil {
			t.Fatal(err)
		}
		taken := netip.MustParseAddrPort(l.Addr().String())
		if _, err := aws.Listen(taken, false); err == nil || !strings.Contains(err.Error(), "free the port") {
			t.Errorf("the same port again: %v", err)
		}
		l.Close()
	}
}

// TestOverTheNetwork: what Go's server makes of a request still verifies, content-length included.
func TestOverTheNetwork(t *testing.T) {
	d := newDoor(nil)
	url := d.open(t)
	status, body := fetch(t, client(t, nil), form("sts", "Action=GetCallerIdentity&Version=2011-06-15").http(url))
	if status != 200 || !strings.Contains(body, "user/ann") {
		t.Errorf("%d %s", status, body)
	}
	if r := d.last(t); r.SourceIP != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("recorded %+v", r)
	}
	status, body = fetch(t, client(t, nil), form("sts", "").http(url))
	if status != 400 || !strings.Contains(body, "MissingAction") || !strings.Contains(body, d.last(t).RequestID) {
		t.Errorf("%d %s, %+v", status, body, d.last(t))
	}
}

// writeCertificate makes a certificate of its own for a name and writes it and its key.
func writeCertificate(t *testing.T, dir, name string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, from, from, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "key.pem"), "PRIVATE KEY", secret, 0o600)
	writePEM(t, filepath.Join(dir, "cert.pem"), "CERTIFICATE", der, 0o644)
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func writePEM(t *testing.T, path, kind string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path+"~", pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
}

// handshake returns the name on the certificate that a server shows.
func handshake(t *testing.T, url string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// TestPreparedCertificateIsNotOlder: the files change between the reading of them by a reload and the use of
// what was read, and a handshake notices; the certificate before does not come back.
func TestPreparedCertificateIsNotOlder(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir, "first.example")
	certificate, err := doors.LoadCertificateEvery("aws", filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), slog.New(slog.DiscardHandler), 0)
	if err != nil {
		t.Fatal(err)
	}
	shown := func() string {
		pair, err := certificate.Config().GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.Subject.CommonName
	}
	use, err := certificate.Prepare()
	if err != nil {
		t.Fatal(err)
	}
	writeCertificate(t, dir, "second.example")
	if got := shown(); got != "second.example" {
		t.Fatalf("after the files changed: %s", got)
	}
	use()
	if got := shown(); got != "second.example" {
		t.Errorf("after the reload: %s, which was replaced before", got)
	}
	if err := certificate.Reload(); err != nil || shown() != "second.example" {
		t.Errorf("%v, %s", err, shown())
	}
}

// TestTLS: requests over TLS, and certificates that are replaced while the door is open; what is no
// good is not used.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	first := writeCertificate(t, dir, "first.example")
	var log bytes.Buffer
	certificate, err := doors.LoadCertificateEvery("aws", filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), slog.New(slog.NewTextHandler(&log, nil)), 0)
	if err != nil {
		t.Fatal(err)
	}
	tlsSeen := false
	d := newDoor(func(o *aws.Options) {
		o.Certificate = certificate
		o.Services = []aws.Service{echo{aws.EC2, func(c *aws.Call) { tlsSeen = c.TLS }}}
	})
	url := d.open(t)
	roots := x509.NewCertPool()
	roots.AddCert(first)
	if status, body := fetch(t, client(t, &tls.Config{RootCAs: roots}), form("ec2", "Action=A").http(url)); status != 200 || !tlsSeen {
		t.Errorf("%d %s, TLS %v", status, body, tlsSeen)
	}
	writeCertificate(t, dir, "second.example")
	if got := handshake(t, url); got != "second.example" {
		t.Errorf("after the files changed: %s", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), []byte("no certificate"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := handshake(t, url); got != "second.example" || !strings.Contains(log.String(), "the one before stays") {
		t.Errorf("after they were damaged: %s, log %s", got, log.String())
	}
	writeCertificate(t, dir, "third.example")
	if err := os.Chmod(filepath.Join(dir, "key.pem"), 0o604); err != nil {
		t.Fatal(err)
	}
	if err := certificate.Reload(); err == nil || !strings.Contains(err.Error(), "mode 0604") {
		t.Errorf("a key that others read: %v", err)
	}
	if got := handshake(t, url); got != "second.example" {
		t.Errorf("a key that others read is used for %s", got)
	}
	if err := os.Chmod(filepath.Join(dir, "key.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := certificate.Reload(); err != nil || handshake(t, url) != "third.example" {
		t.Errorf("reloaded: %v", err)
	}
	if _, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

// TestConnectionLimit: one connection too many is closed, and its place is free again later.
func TestConnectionLimit(t *testing.T) {
	d := newDoor(func(o *aws.Options) { o.Limits.Connections = 2 })
	address := strings.TrimPrefix(d.open(t), "http://")
	const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(conn, request) // of the one too many this may fail already
		return conn
	}
	answered := func(conn net.Conn) bool {
		_, err := conn.Read(make([]byte, 1))
		return err == nil
	}
	one, two := dial(), dial()
	defer two.Close()
	if !answered(one) || !answered(two) {
		t.Fatal("the first two are not answered")
	}
	if three := dial(); answered(three) {
		t.Error("a third one is answered")
	}
	one.Close()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if four := dial(); answered(four) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the place is not free again")
		}
	}
}

// TestLargeBodies: bodies that do not fit at once are told to come back, small ones are not kept out.
func TestLargeBodies(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	d := newDoor(func(o *aws.Options) {
		o.Limits.LargeBodies = 1
		o.Services = []aws.Service{echo{aws.EC2, func(c *aws.Call) {
			if c.Action == "Wait" {
				entered <- struct{}{}
				<-leave
			}
		}}, echo{name: aws.RAM}}
	})
	padding := "&P=" + strings.Repeat("x", 70<<10)
	first := make(chan int)
	go func() {
		status, _ := d.ask(form("ec2", "Action=Wait"+padding))
		first <- status
	}()
	<-entered
	if status, body := d.ask(form("ec2", "Action=A"+padding)); status != 503 || !strings.Contains(body, "RequestLimitExceeded") {
		t.Errorf("a second large body: %d %s", status, body)
	}
	if status, body := d.ask(form("ram", "Action=A"+padding)); status != 429 || !strings.Contains(body, "ThrottlingException") {
		t.Errorf("a second large body, of RAM: %d %s", status, body)
	}
	if status, _ := d.ask(form("ec2", "Action=A")); status != 200 {
		t.Errorf("a small body: %d", status)
	}
	close(leave)
	if status := <-first; status != 200 {
		t.Errorf("the first one: %d", status)
	}
	if status, _ := d.ask(form("ec2", "Action=A"+padding)); status != 200 {
		t.Errorf("afterwards: %d", status)
	}
}

// TestRawRequests: what no client sends is refused, or closed, and nothing is served by it.
func TestRawRequests(t *testing.T) {
	served := 0
	d := newDoor(func(o *aws.Options) {
		o.Services = []aws.Service{echo{aws.EC2, func(*aws.Call) { served++ }}}
	})
	address := strings.TrimPrefix(d.open(t), "http://")
	for _, test := range []struct{ name, text, want string }{
		{"large header", "POST / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 40<<10) + "\r\n\r\n", "431"},
		{"no HTTP", "hello\r\n\r\n", "400"},
		{"two hosts", "POST / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
		{"two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
		{"a length that is announced", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", "413"},
		{"chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "403"},
		{"CONNECT", "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n", "403"},
		{"an asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "403"},
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(conn, test.text)
		line := make([]byte, 12)
		if _, err := io.ReadFull(conn, line); err != nil || !strings.HasSuffix(string(line), test.want) {
			t.Errorf("%s: %q %v, want %s", test.name, line, err, test.want)
		}
		conn.Close()
	}
	if served != 0 {
		t.Errorf("%d were served", served)
	}
}

// BenchmarkRequest is what the door adds to a request, without the network: the signature,
// the form, the rates.
func BenchmarkRequest(b *testing.B) {
	d := newDoor(func(o *aws.Options) { o.Audit, o.Rates = nil, aws.Rates{Key: doors.Rate{PerSecond: 1e9, Burst: 1e9}} })
	r := form("ec2", "Action=CreateTrafficMirrorSession&Version=2016-11-15&NetworkInterfaceId=eni-1&SessionNumber=1").http("")
	text, err := io.ReadAll(r.Body)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r.Body = io.NopCloser(bytes.NewReader(text))
		if status := serveOnly(d, r); status != 200 {
			b.Fatal(status)
		}
	}
}
