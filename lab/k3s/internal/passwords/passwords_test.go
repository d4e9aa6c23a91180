package passwords

import (
	"context"
	"errors"
	"testing"

	"k8s.io/client-go/kubernetes/fake"
)

func TestANameBelongsToTheHostThatCameWithItFirst(t *testing.T) {
	ctx, client := context.Background(), fake.NewClientset()
	if err := Ensure(ctx, client, "a1", "first"); err != nil {
		t.Fatal(err)
	}
	if err := Ensure(ctx, client, "a1", "first"); err != nil {
		t.Errorf("the same host came back: %v", err)
	}
	if err := Ensure(ctx, client, "a1", "second"); !errors.Is(err, ErrMismatch) {
		t.Errorf("another host came: %v", err)
	}
	if err := Forget(ctx, client, "a1"); err != nil {
		t.Fatal(err)
	}
	if err := Ensure(ctx, client, "a1", "second"); err != nil {
		t.Errorf("after the Node was deleted: %v", err)
	}
}

func TestForgettingANodeTwiceIsNoMistake(t *testing.T) {
	if err := Forget(context.Background(), fake.NewClientset(), "a1"); err != nil {
		t.Error(err)
	}
}
