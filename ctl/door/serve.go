package door

import (
	"cmp"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits keep clients from using up the daemon, whether they are known or not.
type Limits struct {
	Connections int           // at once; those above are closed
	HeaderBytes int           // of a request
	BodyBytes   int64         // of a request
	HeaderTime  time.Duration // to send the headers, and for the handshake of TLS
	BodyTime    time.Duration // to send the body, after that
	WriteTime   time.Duration // from the end of the headers to the end of the answer
	IdleTime    time.Duration // between two requests of a connection
}

// Or has the other's value in each field that is zero.
func (l Limits) Or(other Limits) Limits {
	return Limits{
		Connections: cmp.Or(l.Connections, other.Connections),
		HeaderBytes: cmp.Or(l.HeaderBytes, other.HeaderBytes),
		BodyBytes:   cmp.Or(l.BodyBytes, other.BodyBytes),
		HeaderTime:  cmp.Or(l.HeaderTime, other.HeaderTime),
		BodyTime:    cmp.Or(l.BodyTime, other.BodyTime),
		WriteTime:   cmp.Or(l.WriteTime, other.WriteTime),
		IdleTime:    cmp.Or(l.IdleTime, other.IdleTime),
	}
}

// NewServer makes a server whose connections keep to the limits; the number of them and the length of
// bodies are for Serve and for the handler.
func NewServer(h http.Handler, l Limits, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:                      h,
		ReadHeaderTimeout:            l.HeaderTime,
		ReadTimeout:                  l.HeaderTime + l.BodyTime,
		WriteTimeout:                 l.WriteTime,
		IdleTimeout:                  l.IdleTime,
		MaxHeaderBytes:               l.HeaderBytes,
		DisableGeneralOptionsHandler: true, // OPTIONS * is a request like any other
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Serve answers on a listener, with so many connections at once, until the server is shut down; then
// it returns nil. Without a certificate there is no TLS.
func Serve(s *http.Server, l net.Listener, connections int, certificate *Certificate) error {
	l = Limit(l, connections)
	if certificate != nil {
		l = tls.NewListener(l, certificate.Config())
	}
	err := s.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
