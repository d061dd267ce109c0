package simulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Delivery is one attempt to deliver a webhook.
type Delivery struct {
	ID             int64  // of the attempt
	GUID           string // of the event: a redelivery has the same one
	Event          string // X-GitHub-Event
	Action         string
	Payload        []byte
	InstallationID int64
	RepositoryID   int64
	Redelivery     bool
	At             time.Time
	Done           bool // an attempt that has ended
	StatusCode     int  // 0 where nobody answered
	Error          string
	Duration       time.Duration
}

// deliveryTimeout is how long GitHub waits: docs:webhooks/using-webhooks/best-practices-for-using-webhooks.
const deliveryTimeout = 10 * time.Second

// dispatcher delivers events in the order in which they happened, one at a time, in the background. GitHub promises
// no order; tests that need another one hold the deliveries back and deliver by hand.
type dispatcher struct {
	sim    *Simulator
	client *http.Client
	cancel context.CancelFunc
	ended  chan struct{}

	mu      sync.Mutex
	changed *sync.Cond
	url     string
	held    bool
	closed  bool
	busy    bool
	log     []*Delivery
	queue   []*Delivery
}

func newDispatcher(s *Simulator) *dispatcher {
	ctx, cancel := context.WithCancel(context.Background())
	d := &dispatcher{sim: s, cancel: cancel, ended: make(chan struct{}),
		client: &http.Client{Timeout: deliveryTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a redirect is no success: docs:webhooks/testing-and-troubleshooting-webhooks
		}}}
	d.changed = sync.NewCond(&d.mu)
	go d.run(ctx)
	return d
}

func (d *dispatcher) close() {
	d.mu.Lock()
	d.closed = true
	d.changed.Broadcast()
	d.mu.Unlock()
	d.cancel()
	<-d.ended
}

// run delivers until close, which ends ctx.
func (d *dispatcher) run(ctx context.Context) {
	defer close(d.ended)
	for {
		d.mu.Lock()
		for !d.closed && (len(d.queue) == 0 || d.held || d.url == "") {
			d.changed.Wait()
		}
		if d.closed {
			d.mu.Unlock()
			return
		}
		next := d.queue[0]
		d.queue = d.queue[1:]
		d.busy = true
		url := d.url
		d.mu.Unlock()
		d.attempt(ctx, next, url)
		d.mu.Lock()
		d.busy = false
		d.changed.Broadcast()
		d.mu.Unlock()
	}
}

// add logs an event and queues it if there is a webhook.
func (d *dispatcher) add(v Delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	attempt := &v
	d.log = append(d.log, attempt)
	if d.url != "" {
		d.queue = append(d.queue, attempt)
		d.changed.Broadcast()
	}
}

// attempt sends one delivery and notes how it ended.
func (d *dispatcher) attempt(ctx context.Context, v *Delivery, url string) {
	start := time.Now()
	status, err := d.post(ctx, v, url)
	d.mu.Lock()
	defer d.mu.Unlock()
	v.Done, v.StatusCode, v.Duration = true, status, time.Since(start)
	if err != nil {
		v.Error = err.Error()
	}
	d.sim.log.Debug("webhook delivered", "event", v.Event, "action", v.Action, "guid", v.GUID, "status", status)
}

// post signs and sends. Headers: docs:webhooks/webhook-events-and-payloads#delivery-headers; signature:
// docs:webhooks/using-webhooks/validating-webhook-deliveries.
func (d *dispatcher) post(ctx context.Context, v *Delivery, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(v.Payload))
	if err != nil {
		return 0, fmt.Errorf("deliver %s: %w", v.Event, err)
	}
	mac := hmac.New(sha256.New, []byte(d.sim.app.secret))
	mac.Write(v.Payload)
	for k, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/simulator", "X-GitHub-Event": v.Event,
		"X-GitHub-Delivery": v.GUID, "X-GitHub-Hook-ID": strconv.FormatInt(d.sim.app.id, 10),
		"X-GitHub-Hook-Installation-Target-Type": "integration",
		"X-GitHub-Hook-Installation-Target-ID":   strconv.FormatInt(d.sim.app.id, 10),
		"X-Hub-Signature-256":                    "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	} {
		req.Header.Set(k, value)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("deliver %s: %w", v.Event, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, nil
}

// SetWebhookURL says where deliveries go from now on. Without it they are only logged.
func (s *Simulator) SetWebhookURL(url string) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.url = url
	s.hooks.changed.Broadcast()
}

// HoldDeliveries keeps deliveries in the queue until it is called with false, or they are delivered by hand.
func (s *Simulator) HoldDeliveries(hold bool) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.held = hold
	s.hooks.changed.Broadcast()
}

// Deliveries lists all attempts, oldest first.
func (s *Simulator) Deliveries() []Delivery {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	list := make([]Delivery, 0, len(s.hooks.log))
	for _, v := range s.hooks.log {
		list = append(list, *v)
	}
	return list
}

// WaitDeliveries waits until nothing is queued and nothing on its way.
func (s *Simulator) WaitDeliveries(ctx context.Context) error {
	d := s.hooks
	stop := context.AfterFunc(ctx, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.changed.Broadcast()
	})
	defer stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.queue) > 0 || d.busy {
		if ctx.Err() != nil {
			return fmt.Errorf("wait for %d webhook deliveries: %w", len(d.queue), ctx.Err())
		}
		d.changed.Wait()
	}
	return nil
}

// Deliver delivers an event now, also while deliveries are held, and returns the attempt.
func (s *Simulator) Deliver(guid string) (Delivery, error) {
	d := s.hooks
	d.mu.Lock()
	url := d.url
	for i, v := range d.queue {
		if v.GUID == guid {
			d.queue = append(d.queue[:i:i], d.queue[i+1:]...)
			d.mu.Unlock()
			d.attempt(context.Background(), v, url) // bounded by the client's timeout
			return d.copyOf(v), nil
		}
	}
	d.mu.Unlock()
	return Delivery{}, fmt.Errorf("deliver %s: not in the queue", guid)
}

// Redeliver sends an event again, under the same GUID, and returns the new attempt.
// Source: docs:webhooks/using-webhooks/best-practices-for-using-webhooks.
func (s *Simulator) Redeliver(guid string) (Delivery, error) {
	v, url, err := s.hooks.again(func(v *Delivery) bool { return v.GUID == guid })
	if err != nil {
		return Delivery{}, fmt.Errorf("redeliver %s: %w", guid, err)
	}
	s.hooks.attempt(context.Background(), v, url) // bounded by the client's timeout
	return s.hooks.copyOf(v), nil
}

// again adds a new attempt for an event.
func (d *dispatcher) again(match func(*Delivery) bool) (*Delivery, string, error) {
	d.sim.mu.Lock()
	id, now := d.sim.newID(), d.sim.clock()
	d.sim.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.url == "" {
		return nil, "", fmt.Errorf("no webhook URL is set")
	}
	for _, v := range d.log {
		if match(v) {
			attempt := &Delivery{ID: id, GUID: v.GUID, Event: v.Event, Action: v.Action, Payload: v.Payload,
				InstallationID: v.InstallationID, RepositoryID: v.RepositoryID, Redelivery: true, At: now}
			d.log = append(d.log, attempt)
			return attempt, d.url, nil
		}
	}
	return nil, "", fmt.Errorf("no such delivery")
}

func (d *dispatcher) copyOf(v *Delivery) Delivery {
	d.mu.Lock()
	defer d.mu.Unlock()
	return *v
}

// emit logs and queues an event for the App, if its installation on the repository may see it.
func (s *Simulator) emit(event, action string, i *installation, r *Repository, payload object) error {
	if i != nil {
		payload["installation"] = object{"id": i.id, "node_id": i.nodeID}
	}
	return s.send(event, action, i, r, payload)
}

func (s *Simulator) send(event, action string, i *installation, r *Repository, payload object) error {
	if action != "" {
		payload["action"] = action
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(payload); err != nil {
		return fmt.Errorf("encode webhook %s: %w", event, err)
	}
	text := bytes.TrimSuffix(body.Bytes(), []byte("\n"))
	if s.opts.OnDelivery != nil {
		s.opts.OnDelivery(event, text)
	}
	v := Delivery{ID: s.newID(), GUID: uuid.NewString(), Event: event, Action: action, Payload: text, At: s.clock()}
	if i != nil {
		v.InstallationID = i.id
	}
	if r != nil {
		v.RepositoryID = r.id
	}
	s.hooks.add(v)
	return nil
}
