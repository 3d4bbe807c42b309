SELECT plan(2); SELECT ok(true,'x'); select ok(false,'y');
