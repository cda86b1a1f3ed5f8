"""What does somebody do in Stripe's dashboard, behind the back of whoever uses the API?"""
