package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
)

func TestIssues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.want(201, "POST", base+"/issues", fields{"title": "Summary", "body": "text"})
	if made.at("number") != 2.0 || made.at("performed_via_github_app", "id") != float64(appID(w)) {
		t.Errorf("number %v, by %v; want 2, since the pull request is 1", made.at("number"), made.at("performed_via_github_app", "id"))
	}
	list := w.want(200, "GET", base+"/issues?state=all", nil)
	if len(list.body.([]any)) != 2 || list.at(0, "number") != 2.0 || list.at(1, "pull_request") == nil {
		t.Errorf("a pull request is an issue too, and the newest comes first: %s", list.text)
	}
	own := w.want(200, "GET", base+"/issues?creator=kms-review%5Bbot%5D", nil)
	if len(own.body.([]any)) != 1 || own.at(0, "number") != 2.0 {
		t.Errorf("the App's own issues: %s", own.text)
	}
	closed := w.want(200, "PATCH", base+"/issues/2", fields{"state": "closed", "state_reason": "not_planned"})
	if closed.at("state") != "closed" || closed.at("state_reason") != "not_planned" || closed.at("closed_at") == nil {
		t.Errorf("closed: %s", closed.text)
	}
	w.want(200, "PATCH", base+"/issues/2", fields{"body": "text", "state": "open"})
	issue := w.repo.Issues()[0]
	if state := issue.State(); state.State != "open" || state.Edits != 0 {
		t.Errorf("a body that is the same is no edit: %+v", state)
	}
	w.want(201, "POST", base+"/issues/2/comments", fields{"body": "digest"})
	if said := issue.Comments(); len(said) != 1 || len(w.pull.Conversation()) != 0 {
		t.Errorf("comments of the issue: %+v, of the pull request: %d", said, len(w.pull.Conversation()))
	}
	check(t, issue.Delete("maintainer"))
	w.want(410, "GET", base+"/issues/2", nil)
	w.want(404, "GET", base+"/issues/3", nil)
}

func TestIssuesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	must(w.repo.OpenIssue("reviewer", "Hello", ""))(t)
	w.want(422, "POST", base+"/issues", fields{"title": " "})
	w.want(422, "POST", base+"/issues", fields{"title": strings.Repeat("ä", 257)})
	w.want(422, "POST", base+"/issues", fields{"title": "t", "body": strings.Repeat("ä", 65537)})
	w.want(422, "PATCH", base+"/issues/2", fields{"body": strings.Repeat("ä", 65537)})
	w.want(422, "PATCH", base+"/issues/2", fields{"state": "resolved"})
	w.want(404, "PATCH", base+"/issues/9", fields{"body": "x"})
	must(w.sim.CreateRepository("acme", "quiet", nil, simulator.WithoutIssues()))(t)
	w.want(410, "POST", "/repos/acme/quiet/issues", fields{"title": "Summary"})
	check(t, w.sim.Grant(w.installation, "issues", "read"))
	w.token = w.mint(nil)
	w.want(403, "POST", base+"/issues", fields{"title": "Summary"})
}

// What the token does not reach is null in its place.
func TestNodesAndLanguages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hidden := must(w.sim.CreateRepository("globex", "hidden", nil))(t)
	id := func(r *simulator.Repository) any {
		return w.want(200, "GET", fmt.Sprintf("/repos/%s", r.FullName()), nil).at("node_id")
	}
	known := id(w.repo)
	answer := w.want(200, "POST", "/graphql", fields{"query": `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Repository {
		name isEmpty languages(first: 5) { nodes { name } } } } }`, "variables": fields{"ids": []any{"R_" + hidden.FullName(), known}}})
	if answer.at("data", "nodes", 0) != nil || answer.at("errors", 0, "path", 1) != 0.0 || answer.at("errors", 0, "type") != "NOT_FOUND" {
		t.Errorf("a node out of reach: %s", answer.text)
	}
	if answer.at("data", "nodes", 1, "languages", "nodes", 0, "name") != "HCL" || answer.at("data", "nodes", 1, "isEmpty") != false {
		t.Errorf("languages: %s", answer.text)
	}
}
