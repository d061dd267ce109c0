package conformance_test

import (
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
)

func TestX(t *testing.T) {
	s := conformance.Start(t)
	r, err := s.CreateRepository("acme", "infra", map[string]string{"main.tf": "a\nb\nc\n"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Install("acme"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Commit("change", "Change", map[string]string{"main.tf": "a\nB\nc\n", "new.tf": "x\r\ny\n"}); err != nil {
		t.Fatal(err)
	}
	p, err := r.OpenPull(simulator.PullOptions{Title: "T", Head: "change"})
	if err != nil {
		t.Fatal(err)
	}
	_ = p
}
