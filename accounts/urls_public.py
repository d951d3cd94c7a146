"""The pages of the public site."""

from django.urls import path

from accounts.views import public_home, public_sign_up

urlpatterns = [
    path("", public_home.home, name="home"),
    path("sign-up/", public_sign_up.sign_up, name="sign_up"),
    path("sign-up/address/", public_sign_up.sign_up_address, name="sign_up_address"),
    path("sign-up/code/", public_sign_up.sign_up_code, name="sign_up_code"),
    path("sign-up/finish/", public_sign_up.sign_up_finish, name="sign_up_finish"),
    path("find/", public_home.find, name="find"),
    path("mail/", public_home.mail, name="mail"),
]
