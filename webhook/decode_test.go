package webhook_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/webhook"
)

const (
	sha1 = "1111111111111111111111111111111111111111"
	sha2 = "2222222222222222222222222222222222222222"
)

var repo = webhook.RepoRef{ID: 42, Owner: "acme", Name: "infra", DefaultBranch: "main"}

// with wraps the fields of an event in what all events have.
func with(fields string) string {
	return `{` + fields + `,"repository":{"id":42,"full_name":"acme/infra","default_branch":"main"},
		"sender":{"login":"maintainer","type":"User"},"installation":{"id":7,"account":{"login":"acme"}}}`
}

func pullEvent(action, more string) string {
	return with(`"action":"` + action + `","number":3,` + more + `"pull_request":{"number":3,"draft":false,
		"head":{"sha":"` + sha1 + `","repo":{"id":43}},"base":{"sha":"` + sha2 + `"}}`)
}

func commentEvent(action, issue, body string) string {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return with(`"action":"` + action + `","issue":{"number":3` + issue + `},"comment":{"id":900,"body":` + string(encoded) + `}`)
}

func TestDecode(t *testing.T) {
	t.Parallel()
	dirty := webhook.Event{Kind: webhook.PullDirty, InstallationID: 7, Repo: repo, Number: 3,
		BaseSHA: sha2, HeadSHA: sha1, Sender: "maintainer"}
	as := func(e webhook.Event, change func(*webhook.Event)) webhook.Event { change(&e); return e }
	action := func(e webhook.Event, action string) webhook.Event {
		return as(e, func(e *webhook.Event) { e.Action = action })
	}
	recheck := webhook.Event{Kind: webhook.Recheck, Action: "created", InstallationID: 7, Repo: repo, Number: 3,
		CommentID: 900, Sender: "maintainer"}
	rerun := webhook.Event{Kind: webhook.Rerequested, Action: "rerequested", InstallationID: 7, Repo: repo, Number: 3,
		HeadSHA: sha1, Sender: "maintainer"}
	const onPull = `,"pull_request":{"url":"x"}`
	const ours = `,"performed_via_github_app":{"id":99}`
	moved := webhook.Event{Kind: webhook.Repository, InstallationID: 7, Repo: repo}
	issue := webhook.Event{Kind: webhook.Issue, InstallationID: 7, Repo: repo, Number: 3, Sender: "maintainer"}
	tests := []struct {
		name, event, body string
		want              webhook.Event // zero: ignored for the reason
		ignored           string
	}{
		{"opened", "pull_request", pullEvent("opened", ""), action(dirty, "opened"), ""},
		{"synchronize", "pull_request", pullEvent("synchronize", ""), action(dirty, "synchronize"), ""},
		{"reopened", "pull_request", pullEvent("reopened", ""), action(dirty, "reopened"), ""},
		{"ready", "pull_request", pullEvent("ready_for_review", ""), action(dirty, "ready_for_review"), ""},
		{"retargeted", "pull_request", pullEvent("edited", `"changes":{"base":{"ref":{"from":"x"}}},`), action(dirty, "edited"), ""},
		{"title edited", "pull_request", pullEvent("edited", `"changes":{"title":{"from":"x"}},`), webhook.Event{}, "the base branch did not change"},
		{"closed", "pull_request", pullEvent("closed", ""),
			as(dirty, func(e *webhook.Event) { e.Kind, e.Action = webhook.PullClosed, "closed" }), ""},
		{"labeled", "pull_request", pullEvent("labeled", ""), webhook.Event{}, "this action"},

		{"recheck", "issue_comment", commentEvent("created", onPull, "/kms-recheck"), recheck, ""},
		{"recheck with white space", "issue_comment", commentEvent("created", onPull, " \r\n/kms-recheck\r\n\t"), recheck, ""},
		{"recheck with text", "issue_comment", commentEvent("created", onPull, "/kms-recheck please"), webhook.Event{}, "no command"},
		{"recheck quoted", "issue_comment", commentEvent("created", onPull, "> /kms-recheck"), webhook.Event{}, "no command"},
		{"recheck twice", "issue_comment", commentEvent("created", onPull, "/kms-recheck\n/kms-recheck"), webhook.Event{}, "no command"},
		{"other comment", "issue_comment", commentEvent("created", onPull, "hello"), webhook.Event{}, "no command"},
		{"edited comment", "issue_comment", commentEvent("edited", onPull, "/kms-recheck"), webhook.Event{}, "this action"},
		{"on an issue", "issue_comment", commentEvent("created", "", "/kms-recheck"), webhook.Event{}, "neither on a pull request"},
		{"on an issue, null", "issue_comment", commentEvent("created", `,"pull_request":null`, "/kms-recheck"), webhook.Event{}, "neither on a pull request"},
		{"on our issue", "issue_comment", commentEvent("created", ours, "/kms-recheck"), as(recheck, func(e *webhook.Event) { e.Kind = webhook.Rescan }), ""},
		{"on another App's issue", "issue_comment", commentEvent("created", `,"performed_via_github_app":{"id":98}`, "/kms-recheck"), webhook.Event{}, "nor on an issue of this App"},
		{"by a bot", "issue_comment", strings.Replace(commentEvent("created", onPull, "/kms-recheck"), `"User"`, `"Bot"`, 1),
			webhook.Event{}, "by a bot"},

		{"our check", "check_run", with(`"action":"rerequested","check_run":{"head_sha":"` + sha1 + `","external_id":"3","app":{"id":99},"pull_requests":[]}`), rerun, ""},
		{"our check without a number", "check_run", with(`"action":"rerequested","check_run":{"head_sha":"` + sha1 + `","external_id":"","app":{"id":99}}`),
			as(rerun, func(e *webhook.Event) { e.Number = 0 }), ""},
		{"another App's check", "check_run", with(`"action":"rerequested","check_run":{"head_sha":"` + sha1 + `","external_id":"3","app":{"id":98}}`),
			webhook.Event{}, "another App's"},
		{"our own writing", "check_run", with(`"action":"completed","check_run":{"head_sha":"` + sha1 + `","app":{"id":99}}`), webhook.Event{}, "this action"},
		{"our own creating", "check_run", with(`"action":"created","check_run":{"head_sha":"` + sha1 + `","app":{"id":99}}`), webhook.Event{}, "this action"},

		{"suite", "check_suite", with(`"action":"rerequested","check_suite":{"head_sha":"` + sha1 + `","app":{"id":99},
			"pull_requests":[{"number":8,"base":{"repo":{"id":1}}},{"number":3,"base":{"repo":{"id":42}}}]}`), rerun, ""},
		{"suite of two", "check_suite", with(`"action":"rerequested","check_suite":{"head_sha":"` + sha1 + `","app":{"id":99},
			"pull_requests":[{"number":4,"base":{"repo":{"id":42}}},{"number":3,"base":{"repo":{"id":42}}}]}`),
			as(rerun, func(e *webhook.Event) { e.Number = 0 }), ""},
		{"suite of a fork", "check_suite", with(`"action":"rerequested","check_suite":{"head_sha":"` + sha1 + `","app":{"id":99},"pull_requests":[]}`),
			as(rerun, func(e *webhook.Event) { e.Number = 0 }), ""},
		{"suite requested", "check_suite", with(`"action":"requested","check_suite":{"head_sha":"` + sha1 + `","app":{"id":99}}`), webhook.Event{}, "this action"},

		{"merge group", "merge_group", with(`"action":"checks_requested","merge_group":{"head_sha":"` + sha1 + `","base_sha":"` + sha2 + `",
			"head_ref":"refs/heads/gh-readonly-queue/main/pr-3-` + sha2 + `"}`),
			webhook.Event{Kind: webhook.MergeGroup, Action: "checks_requested", InstallationID: 7, Repo: repo,
				HeadSHA: sha1, BaseSHA: sha2, Ref: "refs/heads/gh-readonly-queue/main/pr-3-" + sha2}, ""},
		{"merge group destroyed", "merge_group", with(`"action":"destroyed","merge_group":{"head_sha":"` + sha1 + `"}`), webhook.Event{}, "this action"},

		{"push", "push", with(`"ref":"refs/heads/main","before":"` + sha2 + `","after":"` + sha1 + `","deleted":false`),
			webhook.Event{Kind: webhook.Push, InstallationID: 7, Repo: repo, Ref: "refs/heads/main", BaseSHA: sha2, HeadSHA: sha1, Sender: "maintainer"}, ""},
		{"push to a branch", "push", with(`"ref":"refs/heads/x","after":"` + sha1 + `"`), webhook.Event{}, "default branch"},
		{"push of a tag", "push", with(`"ref":"refs/tags/main","after":"` + sha1 + `"`), webhook.Event{}, "default branch"},

		{"installed", "installation", `{"action":"created","installation":{"id":7,"account":{"login":"acme"}},
			"repositories":[{"id":42,"name":"infra","full_name":"acme/infra","private":true}]}`,
			webhook.Event{Kind: webhook.Installation, Action: "created", InstallationID: 7, Account: "acme",
				AddedRepos: []webhook.RepoRef{{ID: 42, Owner: "acme", Name: "infra", Private: true}}}, ""},
		{"uninstalled", "installation", `{"action":"deleted","installation":{"id":7,"account":{"login":"acme"}},"repositories":[]}`,
			webhook.Event{Kind: webhook.Installation, Action: "deleted", InstallationID: 7, Account: "acme"}, ""},
		{"suspended", "installation", `{"action":"suspend","installation":{"id":7,"account":{"login":"acme"}}}`,
			webhook.Event{Kind: webhook.Installation, Action: "suspend", InstallationID: 7, Account: "acme"}, ""},
		{"permissions accepted", "installation", `{"action":"new_permissions_accepted","installation":{"id":7}}`, webhook.Event{}, "this action"},

		{"push of Terraform", "push", with(`"ref":"refs/heads/main","after":"` + sha1 + `","commits":[{"added":["a.go"]},{"removed":["live/kms.tf"]}]`),
			webhook.Event{Kind: webhook.Push, InstallationID: 7, Repo: repo, Ref: "refs/heads/main", HeadSHA: sha1, Sender: "maintainer", Terraform: true}, ""},
		{"renamed", "repository", with(`"action":"renamed","changes":{"repository":{"name":{"from":"x"}}}`), action(moved, "renamed"), ""},
		{"default branch", "repository", with(`"action":"edited","changes":{"default_branch":{"from":"x"}}`), action(moved, "edited"), ""},
		{"description", "repository", with(`"action":"edited","changes":{"description":{"from":"x"}}`), webhook.Event{}, "the default branch did not change"},
		{"created", "repository", with(`"action":"created"`), webhook.Event{}, "this action"},

		{"our issue closed", "issues", with(`"action":"closed","issue":{"number":3` + ours + `}`), action(issue, "closed"), ""},
		{"our issue labeled", "issues", with(`"action":"labeled","issue":{"number":3` + ours + `}`), webhook.Event{}, "this action"},
		{"a person's issue", "issues", with(`"action":"closed","issue":{"number":3}`), webhook.Event{}, "not this App's"},
		{"our own edit", "issues", strings.Replace(with(`"action":"edited","issue":{"number":3`+ours+`}`), `"User"`, `"Bot"`, 1), webhook.Event{}, "a bot did it"},
		{"repositories", "installation_repositories", `{"action":"removed","installation":{"id":7,"account":{"login":"acme"}},
			"repositories_added":[],"repositories_removed":[{"id":42,"name":"infra","full_name":"acme/infra"}]}`,
			webhook.Event{Kind: webhook.Installation, Action: "removed", InstallationID: 7, Account: "acme",
				AddedRepos: []webhook.RepoRef{}, RemovedRepos: []webhook.RepoRef{{ID: 42, Owner: "acme", Name: "infra"}}}, ""},
		{"no installation", "pull_request", strings.Replace(pullEvent("opened", ""), `"id":7`, `"id":0`, 1), webhook.Event{}, "installation"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ignored, err := webhook.Decode(test.event, []byte(test.body), 99)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the event (-want +got):\n%s", diff)
			}
			if (test.ignored == "") != (ignored == "") || !strings.Contains(ignored, test.ignored) {
				t.Errorf("ignored because %q, want %q", ignored, test.ignored)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ event, body string }{
		"no pull request":      {"pull_request", with(`"action":"opened"`)},
		"no comment":           {"issue_comment", with(`"action":"created"`)},
		"no check run":         {"check_run", with(`"action":"rerequested"`)},
		"no check suite":       {"check_suite", with(`"action":"rerequested"`)},
		"no merge group":       {"merge_group", with(`"action":"checks_requested"`)},
		"SHA is a path":        {"pull_request", strings.Replace(pullEvent("opened", ""), sha1, "../../x", 1)},
		"no head":              {"pull_request", strings.Replace(pullEvent("opened", ""), sha1, "", 1)},
		"no number":            {"pull_request", strings.ReplaceAll(pullEvent("opened", ""), `"number":3`, `"number":0`)},
		"number is a string":   {"pull_request", strings.ReplaceAll(pullEvent("opened", ""), `"number":3`, `"number":"3"`)},
		"owner climbs":         {"pull_request", strings.Replace(pullEvent("opened", ""), "acme/infra", "../infra", 1)},
		"name with a slash":    {"pull_request", strings.Replace(pullEvent("opened", ""), "acme/infra", "acme/in/fra", 1)},
		"no repository":        {"pull_request", strings.Replace(pullEvent("opened", ""), `"id":42`, `"id":0`, 1)},
		"NUL in a sender":      {"pull_request", strings.Replace(pullEvent("opened", ""), "maintainer", `a\u0000b`, 1)},
		"line feed in a ref":   {"merge_group", with(`"action":"checks_requested","merge_group":{"head_sha":"` + sha1 + `","head_ref":"a\nb"}`)},
		"comment without id":   {"issue_comment", strings.Replace(commentEvent("created", `,"pull_request":{}`, "/kms-recheck"), "900", "0", 1)},
		"added repo is broken": {"installation", `{"action":"created","installation":{"id":7},"repositories":[{"id":1,"full_name":"x"}]}`},
	} {
		if event, ignored, err := webhook.Decode(test.event, []byte(test.body), 99); err == nil {
			t.Errorf("%s: no error, but %+v %q", name, event, ignored)
		}
	}
}

// FuzzDecode looks for bodies that crash the decoder, or that get something into the queue that cannot be
// stored there or would climb out of a URL.
func FuzzDecode(f *testing.F) {
	names := []string{"ping", "pull_request", "issue_comment", "check_run", "check_suite", "merge_group", "push",
		"installation", "installation_repositories", "star"}
	for i := range names {
		f.Add(uint8(i), pullBody)
		f.Add(uint8(i), `{"action":"created","repository":null,"installation":null,"comment":null,"pull_request":{"head":null}}`)
		f.Add(uint8(i), `{"installation":{"id":7},"check_run":{"external_id":"-1"},"check_suite":{"pull_requests":[null]}}`)
	}
	f.Fuzz(func(t *testing.T, name uint8, body string) {
		event, ignored, err := webhook.Decode(names[int(name)%len(names)], []byte(body), 0)
		if err != nil || ignored != "" {
			if diff := cmp.Diff(webhook.Event{}, event); diff != "" {
				t.Fatalf("an event comes with %q, %v", ignored, err)
			}
			return
		}
		if event.Kind == "" || event.InstallationID == 0 {
			t.Fatalf("an event without a kind or an installation: %+v", event)
		}
		if url := event.Repo.Owner + "/" + event.Repo.Name; strings.Contains(url, "..") && event.Repo.Owner == ".." ||
			strings.Count(url, "/") != 1 || strings.ContainsAny(url+event.Ref+event.Sender, "\x00\n") {
			t.Fatalf("an event with a strange name: %+v", event)
		}
	})
}
