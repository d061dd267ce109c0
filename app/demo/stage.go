package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/kms-review/kms-review/app"
	"github.com/kms-review/kms-review/app/config"
	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/page"
)

// demo is a running demonstration.
type demo struct {
	opts Options
	dir  string
	log  *tail

	sim     *simulator.Simulator
	repo    *simulator.Repository
	pull    *simulator.Pull
	applied []int64 // comments whose suggestion was committed

	web     *http.Server
	pageURL string
	stopApp context.CancelFunc
	ended   chan struct{} // closed when the App has ended, with failed set
	failed  error
}

func (d *demo) startGitHub(context.Context) error {
	sim, err := simulator.New(simulator.Options{Dir: filepath.Join(d.dir, "github")})
	if err != nil {
		return err
	}
	d.sim = sim
	d.say("GitHub", "simulated at %s, with real git repositories", sim.URL())
	return nil
}

// startPage serves the page. It comes before anything is shown there, so that GitHub's links lead to it.
func (d *demo) startPage(ctx context.Context) error {
	if d.opts.Once {
		return nil
	}
	listener, err := listen(ctx, d.opts.Listen)
	if err != nil {
		return err
	}
	d.pageURL = "http://" + listener.Addr().String()
	d.sim.SetHTMLURL(d.pageURL)
	d.web = &http.Server{Handler: page.New(d.sim), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	go func() { _ = d.web.Serve(listener) }() // ends with ErrServerClosed
	return nil
}

// The page's usual port, and how many after it are tried.
const (
	firstPort = 8180
	ports     = 20
)

// listen opens an address, or the first free port from the usual one.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var bind net.ListenConfig
	if address != "" {
		l, err := bind.Listen(ctx, "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("serve the page on %s: %w", address, err)
		}
		return l, nil
	}
	var err error
	for port := firstPort; port < firstPort+ports; port++ {
		var l net.Listener
		if l, err = bind.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("serve the page: no free port from %d to %d: %w", firstPort, firstPort+ports-1, err)
}

// startApp starts the App as "kms-review serve" does, with the credentials that the simulated GitHub gave it.
func (d *demo) startApp(ctx context.Context) error {
	id, key, secret := d.sim.App()
	values := map[string]string{
		"GITHUB_APP_ID": strconv.FormatInt(id, 10), "GITHUB_APP_PRIVATE_KEY": string(key), "GITHUB_APP_WEBHOOK_SECRET": secret,
		"GITHUB_API_URL": d.sim.URL(), "DATABASE_URL": "sqlite:" + filepath.Join(d.dir, "kms-review.db"),
		"LISTEN_ADDR": "127.0.0.1:0",
	}
	cfg, err := config.FromEnvironment(func(name string) (string, bool) { v, ok := values[name]; return v, ok })
	if err != nil {
		return fmt.Errorf("configure the App: %w", err)
	}
	cfg.MetricsAddr = "127.0.0.1:0" // the variables' own check takes two free ports for one and the same
	service, err := app.New(ctx, cfg, app.Options{Version: d.opts.Version, Log: d.logger()})
	if err != nil {
		return fmt.Errorf("start the App: %w", err)
	}
	ctx, d.stopApp = context.WithCancel(ctx)
	d.ended = make(chan struct{})
	go func() {
		defer close(d.ended)
		d.failed = service.Run(ctx)
	}()
	hook := "http://" + service.Addr().String() + "/webhook"
	d.sim.SetWebhookURL(hook)
	d.say("App", "listening at %s, queue in SQLite", hook)
	return nil
}

// close ends everything that was started, in the order in which it depends on each other. Each part bounds its end.
func (d *demo) close() {
	if d.stopApp != nil {
		d.stopApp()
		<-d.ended
	}
	if d.web != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := d.web.Shutdown(ctx); err != nil {
			_ = d.web.Close() // a browser keeps a request open: it is cut off
		}
	}
	if d.sim != nil {
		d.sim.Close()
	}
}

// poll is how often a step looks whether it has happened.
const poll = 10 * time.Millisecond

// until waits for a step. What it waits for is part of the error, so that one knows what did not happen.
func (d *demo) until(ctx context.Context, what string, happened func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, d.opts.Patience)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for !happened() {
		select {
		case <-tick.C:
		case <-d.ended:
			return fmt.Errorf("wait for %s: the App has ended: %w", what, errors.Join(d.failed, context.Canceled))
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("%s did not come within %s", what, d.opts.Patience)
			}
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
	return nil
}
