//go:build ignore

// Command prune_openapi cuts GitHub's OpenAPI description down to the operations and webhooks named in openapi.keep,
// drops all prose, and closes the objects of request bodies, so that a field that GitHub does not know is an error.
//
//	go run prune_openapi.go package/generated/api.github.com.json > openapi.json
//
// The argument is the file of that name in the npm package @octokit/openapi.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
)

type object = map[string]any

// prose are the keys that say nothing to a validator.
var prose = []string{"description", "summary", "title", "example", "examples", "externalDocs", "tags", "x-github", "discriminator", "headers", "deprecated", "x-multi-segment"}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run prune_openapi.go package/generated/api.github.com.json > openapi.json")
	}
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var full object
	if err := json.Unmarshal(raw, &full); err != nil {
		log.Fatal(err)
	}
	keep, err := readKeep("openapi.keep")
	if err != nil {
		log.Fatal(err)
	}
	pruned, err := prune(full, keep)
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.MarshalIndent(pruned, "", "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", text)
}

// readKeep reads "METHOD path" and "webhook name" lines.
func readKeep(path string) ([][2]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var keep [][2]string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		kind, name, _ := strings.Cut(line, " ")
		keep = append(keep, [2]string{kind, name})
	}
	return keep, lines.Err()
}

// pruner moves what is needed from one description to the other.
type pruner struct {
	full, out object
}

func prune(full object, keep [][2]string) (object, error) {
	info, _ := full["info"].(object)
	p := &pruner{full: full, out: object{
		"openapi": full["openapi"], "servers": full["servers"], "paths": object{}, "x-webhooks": object{}, "components": object{},
		"info": object{"title": "GitHub REST API, pruned", "version": info["version"], "license": info["license"]},
	}}
	correct(full)
	for _, k := range keep {
		if err := p.take(k[0], k[1]); err != nil {
			return nil, err
		}
	}
	return p.out, nil
}

// correct repairs three mistakes of the description. In the list of installations an account is a user and an enterprise
// at once (allOf), which nothing is; where one installation is read, it is either of them (anyOf). And the events of an
// App inside a check suite or an issue lack merge_group, by which the preview's merge_queue_entry was replaced.
// And the head repository of a pull request is null once it has been deleted, as GitHub's schemas of webhooks at
// https://github.com/octokit/webhooks have it.
func correct(full object) {
	v, _ := dig(full, "paths", "/app/installations", "get", "responses", "200", "content", "application/json", "schema",
		"items", "properties", "account")
	account, _ := v.(object)
	if account["allOf"] == nil {
		log.Fatal("GET /app/installations: account is no longer allOf: drop the correction")
	}
	account["anyOf"] = account["allOf"]
	delete(account, "allOf")
	for _, name := range []string{
		"webhook-check-suite-requested", "webhook-check-suite-rerequested", "webhook-issue-comment-created", "webhook-issue-comment-edited",
		"webhook-issues-closed", "webhook-issues-deleted", "webhook-issues-edited", "webhook-issues-opened", "webhook-issues-reopened",
	} {
		schema, _ := dig(full, "components", "schemas", name)
		if allowMergeGroup(schema) == 0 {
			log.Fatalf("%s: no list of events: drop the correction", name)
		}
	}
	for _, name := range []string{"pull-request", "pull-request-simple"} {
		v, _ := dig(full, "components", "schemas", name, "properties", "head", "properties", "repo")
		repo, _ := v.(object)
		if repo["$ref"] != "#/components/schemas/repository" {
			log.Fatalf("%s: head.repo is no longer a plain repository: drop the correction", name)
		}
		repo["$ref"] = "#/components/schemas/nullable-repository"
	}
}

// allowMergeGroup adds the event wherever a schema lists those of an App, and counts these lists.
func allowMergeGroup(v any) (places int) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			places += allowMergeGroup(item)
		}
	case object:
		for key, below := range v {
			if key == "app" || key == "performed_via_github_app" {
				list, _ := dig(below, "properties", "events", "items")
				events, _ := list.(object)
				enum, _ := events["enum"].([]any)
				if len(enum) > 0 {
					places++
				}
				if len(enum) > 0 && !slices.Contains(enum, any("merge_group")) {
					events["enum"] = append(enum, "merge_group")
				}
			}
			places += allowMergeGroup(below)
		}
	}
	return places
}

func (p *pruner) take(kind, name string) error {
	if kind == "webhook" {
		op, found := dig(p.full, "x-webhooks", name, "post", "requestBody", "content", "application/json", "schema")
		if !found {
			return fmt.Errorf("no webhook %s", name)
		}
		p.out["x-webhooks"].(object)[name] = p.clean(op)
		return nil
	}
	op, found := dig(p.full, "paths", name, strings.ToLower(kind))
	if !found {
		return fmt.Errorf("no operation %s %s", kind, name)
	}
	operation, _ := p.clean(op).(object)
	if body, has := dig(op, "requestBody", "content", "application/json", "schema"); has {
		required, _ := dig(op, "requestBody", "required")
		operation["requestBody"] = object{"required": required == true, "content": object{
			"application/json": object{"schema": p.close(p.inline(body, 0))}}}
	}
	for _, r := range operation["responses"].(object) {
		response, _ := r.(object)
		if _, isRef := response["$ref"]; !isRef {
			response["description"] = "" // demanded by OpenAPI
		}
	}
	paths := p.out["paths"].(object)
	if paths[name] == nil {
		paths[name] = object{}
	}
	paths[name].(object)[strings.ToLower(kind)] = operation
	return nil
}

// dig follows keys.
func dig(v any, keys ...string) (any, bool) {
	for _, k := range keys {
		o, isObject := v.(object)
		if !isObject {
			return nil, false
		}
		if v, isObject = o[k]; !isObject {
			return nil, false
		}
	}
	return v, true
}

// clean copies without prose and brings along what $ref names.
func (p *pruner) clean(v any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for k, child := range v {
			switch {
			case k == "properties": // here "description" is a name
				properties := object{}
				for name, s := range child.(object) {
					properties[name] = p.clean(s)
				}
				out[k] = properties
			case k == "$ref":
				p.component(child.(string))
				out[k] = child
			case !slices.Contains(prose, k):
				out[k] = p.clean(child)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, child := range v {
			out = append(out, p.clean(child))
		}
		return out
	}
	return v
}

// component copies "#/components/kind/name".
func (p *pruner) component(ref string) {
	parts := strings.Split(strings.TrimPrefix(ref, "#/components/"), "/")
	components := p.out["components"].(object)
	if components[parts[0]] == nil {
		components[parts[0]] = object{}
	}
	kind := components[parts[0]].(object)
	if kind[parts[1]] != nil {
		return
	}
	kind[parts[1]] = object{} // before its own references: schemas are recursive
	source, found := dig(p.full, "components", parts[0], parts[1])
	if !found {
		log.Fatalf("no component %s", ref)
	}
	copied := p.clean(source).(object)
	if parts[0] == "responses" {
		copied["description"] = ""
	}
	kind[parts[1]] = copied
}

// inline replaces references in a request body, because closing a shared schema would close it in answers too.
func (p *pruner) inline(v any, depth int) any {
	if depth > 20 {
		log.Fatal("a request body is recursive")
	}
	switch v := v.(type) {
	case object:
		if ref, isRef := v["$ref"].(string); isRef {
			parts := strings.Split(strings.TrimPrefix(ref, "#/components/"), "/")
			target, _ := dig(p.full, "components", parts[0], parts[1])
			return p.inline(target, depth+1)
		}
		out := object{}
		for k, child := range v {
			if k == "properties" {
				properties := object{}
				for name, s := range child.(object) {
					properties[name] = p.inline(s, depth+1)
				}
				out[k] = properties
			} else if !slices.Contains(prose, k) {
				out[k] = p.inline(child, depth+1)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, child := range v {
			out = append(out, p.inline(child, depth+1))
		}
		return out
	}
	return v
}

// close forbids fields that are not named, in every object of a request body. Objects below allOf, oneOf and anyOf
// are left open: there a field may be named by a sibling.
func (p *pruner) close(v any) any {
	o, isObject := v.(object)
	if !isObject {
		return v
	}
	if properties, has := o["properties"].(object); has {
		o["additionalProperties"] = false
		for name, s := range properties {
			properties[name] = p.close(s)
		}
	}
	if items, has := o["items"]; has {
		o["items"] = p.close(items)
	}
	return o
}
