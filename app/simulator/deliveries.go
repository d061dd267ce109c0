package simulator

import (
	"net/http"
	"slices"
	"strconv"
)

// listDeliveries lists attempts, newest first, each by itself; attempts of one event share the guid.
// Source: docs:rest/apps/webhooks#list-deliveries-for-an-app-webhook, https://github.com/ubicloud/ubicloud/issues/741.
func listDeliveries(c *call) reply {
	d := c.sim.hooks
	d.mu.Lock()
	defer d.mu.Unlock()
	q := c.req.URL.Query()
	before, _ := strconv.ParseInt(q.Get("cursor"), 10, 64) // none: 0
	list := []object{}
	size := min(c.number("per_page", 30), 100)
	var last int64
	more := false
	for _, v := range slices.Backward(d.log) {
		success := v.StatusCode >= 200 && v.StatusCode < 300
		if !v.Done || before != 0 && v.ID >= before || q.Get("status") == "success" && !success ||
			q.Get("status") == "failure" && success {
			continue
		}
		if len(list) == size {
			more = true
			break
		}
		list, last = append(list, v.json()), v.ID
	}
	rep := ok(list)
	if more {
		q.Set("cursor", strconv.FormatInt(last, 10))
		rep.header = http.Header{"Link": {"<" + c.sim.url + "/app/hook/deliveries?" + q.Encode() + `>; rel="next"`}}
	}
	return rep
}

func (v *Delivery) json() object {
	status := http.StatusText(v.StatusCode)
	if v.StatusCode == 0 {
		status = "failed to connect to host"
	}
	o := object{"id": v.ID, "guid": v.GUID, "delivered_at": stamp(v.At), "redelivery": v.Redelivery,
		"duration": v.Duration.Seconds(), "status": status, "status_code": v.StatusCode, "event": v.Event,
		"action": orNil(v.Action), "installation_id": nil, "repository_id": nil, "throttled_at": nil}
	if v.InstallationID != 0 {
		o["installation_id"] = v.InstallationID
	}
	if v.RepositoryID != 0 {
		o["repository_id"] = v.RepositoryID
	}
	return o
}

// redeliver queues an attempt's event again, under the same GUID.
func redeliver(c *call) reply {
	d := c.sim.hooks
	id := c.id("id")
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, v := range d.log {
		if v.ID == id && d.url == "" {
			return failure(http.StatusUnprocessableEntity, "The App has no webhook URL")
		}
		if v.ID == id {
			again := &Delivery{ID: c.sim.newID(), GUID: v.GUID, Event: v.Event, Action: v.Action, Payload: v.Payload,
				InstallationID: v.InstallationID, RepositoryID: v.RepositoryID, Redelivery: true, At: c.sim.clock()}
			d.log = append(d.log, again)
			d.queue = append(d.queue, again)
			d.changed.Broadcast()
			return reply{status: http.StatusAccepted, body: object{}}
		}
	}
	return notFound()
}
