package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
)

type fields = map[string]any

// annotation is a valid annotation with fields replaced; nil takes a field away.
func annotation(replaced fields) fields {
	a := fields{"path": "main.tf", "start_line": 10, "end_line": 10, "annotation_level": "warning", "message": "m"}
	for k, v := range replaced {
		a[k] = v
		if v == nil {
			delete(a, k)
		}
	}
	return a
}

func annotations(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = annotation(nil)
	}
	return list
}

func output(replaced fields) fields {
	o := fields{"title": "t", "summary": "s"}
	for k, v := range replaced {
		o[k] = v
		if v == nil {
			delete(o, k)
		}
	}
	return o
}

func TestCreateCheckRunRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	head := w.pull.HeadSHA()
	action := fields{"label": "Again", "description": "Once more", "identifier": "again"}
	for name, tc := range map[string]struct {
		change fields
		status int
	}{
		"queued":                      {fields{}, 201},
		"in progress":                 {fields{"status": "in_progress", "started_at": "2026-01-02T03:04:05Z"}, 201},
		"completed":                   {fields{"status": "completed", "conclusion": "success"}, 201},
		"conclusion alone":            {fields{"conclusion": "action_required"}, 201},
		"completed without result":    {fields{"status": "completed"}, 422},
		"completed at, no conclusion": {fields{"completed_at": "2026-01-02T03:04:05Z"}, 422},
		"conclusion of GitHub's own":  {fields{"conclusion": "stale"}, 422},
		"no conclusion we know":       {fields{"conclusion": "great"}, 422},
		"status of Actions":           {fields{"status": "waiting"}, 422},
		"status against conclusion":   {fields{"status": "in_progress", "conclusion": "success"}, 422},
		"time that is none":           {fields{"started_at": "yesterday"}, 422},
		"no name":                     {fields{"name": nil}, 422},
		"blank name":                  {fields{"name": " "}, 422},
		"no head":                     {fields{"head_sha": nil}, 422},
		"head that does not exist":    {fields{"head_sha": strings.Repeat("1", 40)}, 422},
		"head that is a branch":       {fields{"head_sha": "main"}, 422},
		"head that is short":          {fields{"head_sha": head[:10]}, 422},
		"unknown key":                 {fields{"sha": head}, 422},
		"details elsewhere":           {fields{"details_url": "ftp://example.com"}, 422},
		"output":                      {fields{"output": output(nil)}, 201},
		"output without title":        {fields{"output": output(fields{"title": nil})}, 422},
		"output without summary":      {fields{"output": output(fields{"summary": nil})}, 422},
		"longest summary":             {fields{"output": output(fields{"summary": strings.Repeat("é", 65535)})}, 201},
		"summary too long":            {fields{"output": output(fields{"summary": strings.Repeat("x", 65536)})}, 422},
		"text too long":               {fields{"output": output(fields{"text": strings.Repeat("x", 65536)})}, 422},
		"50 annotations":              {fields{"output": output(fields{"annotations": annotations(50)})}, 201},
		"51 annotations":              {fields{"output": output(fields{"annotations": annotations(51)})}, 422},
		"three actions":               {fields{"actions": []any{action, action, action}}, 201},
		"four actions":                {fields{"actions": []any{action, action, action, action}}, 422},
		"long label":                  {fields{"actions": []any{fields{"label": strings.Repeat("x", 21), "description": "d", "identifier": "i"}}}, 422},
		"long description":            {fields{"actions": []any{fields{"label": "l", "description": strings.Repeat("x", 41), "identifier": "i"}}}, 422},
		"long identifier":             {fields{"actions": []any{fields{"label": "l", "description": "d", "identifier": strings.Repeat("x", 21)}}}, 422},
	} {
		body := fields{"name": "KMS Review", "head_sha": head}
		for k, v := range tc.change {
			body[k] = v
			if v == nil {
				delete(body, k)
			}
		}
		if a := w.do("POST", base+"/check-runs", body); a.status != tc.status {
			t.Errorf("%s: status %d, want %d: %.300s", name, a.status, tc.status, a.text)
		}
	}
}

func TestAnnotationRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	for name, tc := range map[string]struct {
		change fields
		status int
	}{
		"plain":                    {fields{}, 201},
		"columns on one line":      {fields{"start_column": 1, "end_column": 3}, 201},
		"columns on several lines": {fields{"end_line": 12, "start_column": 1}, 422},
		"longest title":            {fields{"title": strings.Repeat("é", 255)}, 201},
		"title too long":           {fields{"title": strings.Repeat("x", 256)}, 422},
		"longest message":          {fields{"message": strings.Repeat("x", 64<<10)}, 201},
		"message too long":         {fields{"message": strings.Repeat("x", 64<<10+1)}, 422},
		"details too long":         {fields{"raw_details": strings.Repeat("x", 64<<10+1)}, 422},
		"no message":               {fields{"message": nil}, 422},
		"no path":                  {fields{"path": nil}, 422},
		"no level":                 {fields{"annotation_level": nil}, 422},
		"no such level":            {fields{"annotation_level": "error"}, 422},
		"line 0":                   {fields{"start_line": 0}, 422},
		"no end":                   {fields{"end_line": nil}, 422},
		"end before start":         {fields{"end_line": 9}, 422},
		"a line as text":           {fields{"start_line": "10"}, 422},
	} {
		body := fields{"name": "KMS Review", "head_sha": w.pull.HeadSHA(), "output": output(fields{"annotations": []any{annotation(tc.change)}})}
		if a := w.do("POST", base+"/check-runs", body); a.status != tc.status {
			t.Errorf("%s: status %d, want %d: %.300s", name, a.status, tc.status, a.text)
		}
	}
}

// Annotations are appended by each request; everything else is replaced.
func TestUpdateCheckRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	a := w.want(201, "POST", base+"/check-runs", fields{"name": "KMS Review", "head_sha": w.pull.HeadSHA(), "external_id": "1",
		"status": "in_progress", "output": output(fields{"annotations": annotations(50)})})
	path := fmt.Sprintf("%s/check-runs/%.0f", base, a.at("id"))
	w.want(200, "PATCH", path, fields{"output": fields{"summary": "more", "annotations": annotations(50)}})
	w.want(200, "PATCH", path, fields{"conclusion": "failure", "output": output(fields{"summary": "last", "annotations": annotations(3)})})
	run := w.pull.CheckRuns()[0]
	if len(run.Annotations) != 103 || run.Summary != "last" || run.Title != "t" || run.Conclusion != "failure" || run.Status != "completed" || run.ExternalID != "1" {
		t.Errorf("run %s/%s %q %q with %d annotations", run.Status, run.Conclusion, run.Title, run.Summary, len(run.Annotations))
	}
	if n := len(w.want(200, "GET", path+"/annotations?per_page=100&page=2", nil).body.([]any)); n != 3 {
		t.Errorf("second page of annotations has %d, want 3", n)
	}
	w.want(422, "PATCH", path, fields{"status": "in_progress"})
	w.want(422, "PATCH", path, fields{"head_sha": w.pull.HeadSHA()})
	w.want(422, "PATCH", path, fields{"output": fields{"title": "no summary"}})
	w.want(404, "PATCH", base+"/check-runs/1", fields{"status": "queued"})

	foreign := must(w.repo.AddForeignCheckRun(w.pull.HeadSHA(), "Build", "success"))(t)
	w.want(403, "PATCH", fmt.Sprintf("%s/check-runs/%d", base, foreign), fields{"conclusion": "failure"})
}

func TestListCheckRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	head := w.pull.HeadSHA()
	for _, name := range []string{"KMS Review", "KMS Review", "Another"} {
		w.want(201, "POST", base+"/check-runs", fields{"name": name, "head_sha": head, "conclusion": "success"})
	}
	must(w.repo.AddForeignCheckRun(head, "KMS Review", "failure"))(t)
	for query, want := range map[string]float64{
		"":                                  3,
		"?filter=all":                       4,
		"?check_name=KMS+Review":            2,
		"?check_name=Nothing":               0,
		"?status=queued":                    0,
		fmt.Sprint("?app_id=", appID(w)):    2,
		"?app_id=1&check_name=KMS+Review":   1,
		"?filter=all&check_name=KMS+Review": 3,
	} {
		if got := w.want(200, "GET", base+"/commits/"+head+"/check-runs"+query, nil).at("total_count"); got != want {
			t.Errorf("%q: %v runs, want %v", query, got, want)
		}
	}
	w.want(200, "GET", base+"/commits/change/check-runs", nil)
	w.want(422, "GET", base+"/commits/"+strings.Repeat("0", 40)+"/check-runs", nil)
}

// Of a fork's head, a check run has no pull requests and no branch.
func TestCheckRunOfFork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(w.repo.Commit("theirs", "Theirs", map[string]string{"x.tf": "x\n"}))(t)
	p := must(w.repo.OpenPull(simulator.PullOptions{Title: "Theirs", Head: "theirs", Author: "outsider", Fork: true}))(t)
	own := w.want(201, "POST", base+"/check-runs", fields{"name": "KMS Review", "head_sha": w.pull.HeadSHA()})
	fork := w.want(201, "POST", base+"/check-runs", fields{"name": "KMS Review", "head_sha": p.HeadSHA()})
	if len(own.at("pull_requests").([]any)) != 1 || len(fork.at("pull_requests").([]any)) != 0 {
		t.Errorf("pull requests: own %v, fork %v; want one and none", own.at("pull_requests"), fork.at("pull_requests"))
	}
}
