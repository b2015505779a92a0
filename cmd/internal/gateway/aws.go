package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/cloudwatch"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/door"
	"mirrorgw/ctl/ec2"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/keyfile"
	"mirrorgw/ctl/ram"
	"mirrorgw/ctl/sts"
	"mirrorgw/ctl/tally"
)

// services are the APIs behind the AWS endpoint. The first one answers, with a refusal, what is
// addressed to none.
func (l *life) services() []aws.Service {
	directory, region := l.directory, l.cfg.AWS.Region
	var kept *history.Store // nil: there are no metrics
	if l.kept != nil {
		kept = l.kept.store
	}
	return []aws.Service{
		ec2.New(ec2.Options{Store: l.loaded.store, Config: l.cfg, Authorizer: directory, Region: region}),
		ram.New(ram.Options{Store: l.loaded.store, Authorizer: directory, Region: region}),
		cloudwatch.New(kept, directory),
		sts.Service{},
	}
}

// awsDoor is the AWS endpoint. All methods may be called on nil: without [aws] there is none.
type awsDoor struct {
	listener    net.Listener
	keys        *keyfile.File
	certificate *door.Certificate // nil: no TLS
	server      *aws.Server       // nil until serve
	tally       tally.Control     // answers by service
	log         *slog.Logger
	ended       chan struct{} // closed when nobody is served any more
}

// listenAWS opens the socket, the access keys and the certificate. Clients that connect before
// serve wait.
func listenAWS(cfg *config.Config, log *slog.Logger) (*awsDoor, error) {
	d, err := openAWS(cfg, log)
	if d == nil || err != nil {
		return nil, err
	}
	if d.listener, err = aws.Listen(cfg.AWS.Listen, d.certificate != nil); err != nil {
		return nil, err
	}
	return d, nil
}

// openAWS is listenAWS without the socket.
func openAWS(cfg *config.Config, log *slog.Logger) (*awsDoor, error) {
	a := &cfg.AWS
	if !a.Listen.IsValid() {
		return nil, nil
	}
	d := &awsDoor{log: log, ended: make(chan struct{})}
	var err, certificate error
	d.keys, err = keyfile.Open(keyfile.Options{Path: a.Keys, Account: a.Account, Log: log})
	if a.TLSCertificate != "" {
		d.certificate, certificate = door.LoadCertificate("aws", a.TLSCertificate, a.TLSKey, log)
	}
	return d, errors.Join(err, certificate)
}

// checkAWS looks at the files that [aws] names, for --check-config.
func checkAWS(cfg *config.Config) error {
	_, err := openAWS(cfg, slog.New(slog.DiscardHandler))
	return err
}

func awsRates(r config.AWSRates) aws.Rates {
	return aws.Rates{
		Key:    door.Rate{PerSecond: float64(r.PerSecond), Burst: float64(r.Burst)},
		Failed: door.Rate{PerSecond: float64(r.FailedPerSecond), Burst: float64(r.FailedBurst)},
	}
}

// serve answers from now on. Whatever goes wrong with clients is logged: production goes on.
func (d *awsDoor) serve(l *life) {
	if d == nil {
		return
	}
	a := &l.cfg.AWS
	d.server = aws.New(aws.Options{
		Services: l.services(), Keys: d.keys, Region: a.Region, AnyRegion: a.AnyRegion, Rates: awsRates(a.Rates),
		Certificate: d.certificate, Tally: &d.tally, Audit: recorder(l.audit), Ready: l.audit.Ready, Log: d.log,
	})
	go func() {
		defer close(d.ended)
		if err := d.server.Serve(d.listener); err != nil {
			d.log.Error("the AWS endpoint is not served any more; production goes on", "error", err)
		}
	}()
	if d.keys.Len() == 0 {
		d.log.Warn("there are no access keys, so the AWS endpoint refuses everybody", "file", a.Keys)
	}
	d.log.Info("AWS endpoint", "url", a.URL(), "region", a.Region)
}

// counts is what the endpoint does, for the metrics; nil: there is none.
func (d *awsDoor) counts() *tally.Control {
	if d == nil {
		return nil
	}
	return &d.tally
}

// setRates takes over the rate limits of a configuration, if it has an endpoint at all.
func (d *awsDoor) setRates(a *config.AWS) {
	if d != nil && a.Listen.IsValid() {
		d.server.SetRates(awsRates(a.Rates))
	}
}

// close stops accepting and lets requests under way finish.
func (d *awsDoor) close() {
	if d == nil {
		return
	}
	if d.server == nil {
		d.listener.Close()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := d.server.Shutdown(ctx); err != nil {
		d.log.Warn("AWS clients were cut off", "error", err)
	}
	<-d.ended
}
